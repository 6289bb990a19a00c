//! The one file that a run reads.

use crate::limits::Limits;
use stella_frame::Failure;
use std::fs::File;
use std::io::Read;

/// Reads a regular file whole, within the size limit (a sparse file counts by its length and is refused unread).
/// Errors: `INPUT_UNREADABLE`, `INPUT_EMPTY`, `INPUT_TOO_LARGE`, `INPUT_CHANGED`.
pub fn read_input(path: &str, limits: &Limits) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new("INPUT_UNREADABLE", error.to_string(), "give a readable regular file").fact("path", path)
    };
    // O_NONBLOCK: a pipe without a writer must not hang the open.
    let mut options = File::options();
    std::os::unix::fs::OpenOptionsExt::custom_flags(options.read(true), libc::O_NONBLOCK | libc::O_CLOEXEC);
    let file = options.open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(unreadable(std::io::Error::other("not a regular file")));
    }
    if meta.len() == 0 {
        return Err(Failure::new("INPUT_EMPTY", "the file has no bytes", "give an ELF file").fact("path", path));
    }
    if meta.len() > limits.file_bytes_max {
        return Err(Failure::new("INPUT_TOO_LARGE", "the file is longer than the limit", "raise --file-bytes-max")
            .fact("sizeBytes", meta.len())
            .fact("fileBytesMax", limits.file_bytes_max));
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(meta.len() as usize).map_err(|_| {
        Failure::new("LIMIT_MEMORY", "no memory for the file", "raise --memory-bytes-max").fact("sizeBytes", meta.len())
    })?;
    file.take(meta.len()).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 != meta.len() {
        return Err(Failure::new("INPUT_CHANGED", "the file shrank while it was read", "try again").fact("path", path));
    }
    Ok(bytes)
}
