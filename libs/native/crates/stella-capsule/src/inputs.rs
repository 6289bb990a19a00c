//! Reads all that the program will see before anything is started, within one byte budget.

use crate::limits::INPUT_BYTES_MAX;
use crate::request::{Request, Stdin, decode_stdin};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use stella_frame::Failure;

pub struct Inputs {
    pub stdin: Vec<u8>,
    pub files: Vec<LoadedFile>,
}

pub struct LoadedFile {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    pub executable: bool,
}

/// Errors: `PROGRAM_NOT_FOUND`, `PROGRAM_NOT_EXECUTABLE`, `INPUT_NOT_FOUND`, `INPUT_TOO_LARGE`, `REQUEST_INVALID`.
pub fn load(request: &Request) -> Result<Inputs, Failure> {
    check_program(&request.program)?;
    for path in &request.closure {
        path.symlink_metadata().map_err(|error| not_found(path, &error))?;
    }
    let mut left = INPUT_BYTES_MAX;
    let stdin = match &request.stdin {
        Stdin::Empty => Vec::new(),
        Stdin::Path(path) => read(path, &mut left)?,
        Stdin::Base64(text) => {
            let bytes = decode_stdin(text)?;
            left = left.checked_sub(bytes.len() as u64).ok_or_else(|| too_large("stdin"))?;
            bytes
        }
    };
    let mut files = Vec::with_capacity(request.files.len());
    left = left.min(request.caps.disk_bytes.saturating_add(stdin.len() as u64));
    for file in &request.files {
        let bytes = read(&file.source, &mut left)?;
        files.push(LoadedFile { path: file.path.clone(), bytes, executable: file.executable });
    }
    Ok(Inputs { stdin, files })
}

fn check_program(path: &Path) -> Result<(), Failure> {
    let meta = path.metadata().map_err(|error| {
        Failure::new(
            "PROGRAM_NOT_FOUND",
            "the program's file could not be opened",
            "name a file that this user can read",
        )
        .fact("path", path.display())
        .fact("cause", error)
    })?;
    let kind = meta.file_type();
    if !meta.is_file() || kind.is_fifo() || meta.permissions().mode() & 0o001 == 0 {
        return Err(Failure::new(
            "PROGRAM_NOT_EXECUTABLE",
            "the program is no regular file that others may execute",
            "set the execute permission for others: the capsule runs it as a user of its own",
        )
        .fact("path", path.display())
        .fact("mode", format!("{:o}", meta.permissions().mode())));
    }
    Ok(())
}

fn read(path: &Path, left: &mut u64) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(|error| not_found(path, &error))?;
    if !file.metadata().is_ok_and(|meta| meta.is_file()) {
        return Err(not_found(path, &std::io::Error::other("not a regular file")));
    }
    let mut bytes = Vec::new();
    file.take(*left + 1).read_to_end(&mut bytes).map_err(|error| not_found(path, &error))?;
    *left = left.checked_sub(bytes.len() as u64).ok_or_else(|| too_large(&path.display().to_string()))?;
    Ok(bytes)
}

fn not_found(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new("INPUT_NOT_FOUND", "an input could not be read", "name a file that this user can read")
        .fact("path", path.display())
        .fact("cause", error)
}

fn too_large(what: &str) -> Failure {
    Failure::new("INPUT_TOO_LARGE", "the inputs exceed what a capsule takes", "send less, or raise diskBytes")
        .fact("input", what)
        .fact("bytesMax", INPUT_BYTES_MAX)
}
