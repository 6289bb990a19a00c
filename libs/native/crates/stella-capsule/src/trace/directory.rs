//! `getdents64` in the order of names, whatever the file system's own order is.
//!
//! The position within a directory becomes an index into the sorted list, kept where the kernel keeps it: as the offset
//! of the program's own open file description, so that `dup`, `fork`, `rewinddir` and `seekdir` behave.

use crate::control::{check, check_size};
use crate::limits::DIRECTORY_ENTRIES_MAX;
use libc::{c_int, pid_t};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

/// The fixed part of `struct linux_dirent64`: inode, offset, length, type.
const HEADER: usize = 19;

struct Entry {
    inode: [u8; 8],
    kind: u8,
    name: Vec<u8>,
}

pub enum Answer {
    /// The bytes for the program's buffer; none at the end of the directory.
    Sorted(Vec<u8>),
    Error(i32),
}

/// What one directory held when its listing began: a listing that goes on is served from it.
struct Snapshot {
    /// Process, descriptor, device and inode.
    of: (pid_t, c_int, u64, u64),
    entries: Vec<Entry>,
}

#[derive(Default)]
pub struct Directories(Option<Snapshot>);

impl Directories {
    /// Answers one call of process `tgid`; an error when the directory can't be served this way.
    pub fn list(&mut self, tgid: pid_t, fd: c_int, room: usize) -> io::Result<Answer> {
        let shared = borrow(tgid, fd)?;
        // SAFETY: a plain system call on a descriptor that is owned here.
        let at = unsafe { libc::lseek(shared.as_raw_fd(), 0, libc::SEEK_CUR) };
        let index = usize::try_from(at).map_err(|_| io::Error::last_os_error())?;
        let meta = shared.metadata()?;
        let of = (tgid, fd, meta.dev(), meta.ino());
        let snapshot = match self.0.take().filter(|snapshot| index > 0 && snapshot.of == of) {
            Some(snapshot) => snapshot,
            None => Snapshot { of, entries: read_all(tgid, fd)? },
        };
        let answer = serve(&shared, &snapshot.entries, index, room);
        self.0 = Some(snapshot);
        answer
    }
}

fn serve(shared: &File, entries: &[Entry], index: usize, room: usize) -> io::Result<Answer> {
    let mut out = Vec::new();
    let mut next = index;
    for entry in entries.iter().skip(index) {
        let length = (HEADER + entry.name.len() + 1).next_multiple_of(8);
        if out.len() + length > room {
            break;
        }
        next += 1;
        let start = out.len();
        out.extend_from_slice(&entry.inode);
        out.extend_from_slice(&(next as u64).to_le_bytes());
        out.extend_from_slice(&(length as u16).to_le_bytes());
        out.push(entry.kind);
        out.extend_from_slice(&entry.name);
        out.resize(start + length, 0);
    }
    if next == index && index < entries.len() {
        return Ok(Answer::Error(libc::EINVAL));
    }
    // SAFETY: as above.
    check_size(unsafe { libc::lseek(shared.as_raw_fd(), next as i64, libc::SEEK_SET) } as isize)?;
    Ok(Answer::Sorted(out))
}

/// The same open file description as the program's.
fn borrow(tgid: pid_t, fd: c_int) -> io::Result<File> {
    // SAFETY: both calls return descriptors that are owned from here on.
    unsafe {
        let process = OwnedFd::from_raw_fd(check(libc::syscall(libc::SYS_pidfd_open, tgid, 0) as c_int)?);
        let shared = check(libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0) as c_int)?;
        Ok(File::from_raw_fd(shared))
    }
}

fn read_all(tgid: pid_t, fd: c_int) -> io::Result<Vec<Entry>> {
    let path = std::ffi::CString::new(format!("/proc/{tgid}/fd/{fd}"))?;
    // SAFETY: the path is NUL-terminated; the descriptor is owned from here on.
    let own = unsafe {
        let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC;
        OwnedFd::from_raw_fd(check(libc::open(path.as_ptr(), flags))?)
    };
    let mut buffer = vec![0u8; 64 << 10];
    let mut entries = Vec::new();
    loop {
        // SAFETY: the pointer and length are those of `buffer`.
        let size = check_size(unsafe {
            libc::syscall(libc::SYS_getdents64, own.as_raw_fd(), buffer.as_mut_ptr(), buffer.len()) as isize
        })?;
        if size == 0 {
            break;
        }
        parse(&buffer[..size], &mut entries);
        if entries.len() > DIRECTORY_ENTRIES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn parse(mut bytes: &[u8], entries: &mut Vec<Entry>) {
    while bytes.len() >= HEADER {
        let length = usize::from(u16::from_le_bytes([bytes[16], bytes[17]])).clamp(HEADER, bytes.len());
        let name = bytes[HEADER..length].split(|byte| *byte == 0).next().unwrap_or(&[]);
        let mut inode = [0; 8];
        inode.copy_from_slice(&bytes[..8]);
        entries.push(Entry { inode, kind: bytes[18], name: name.to_vec() });
        bytes = &bytes[length..];
    }
}
