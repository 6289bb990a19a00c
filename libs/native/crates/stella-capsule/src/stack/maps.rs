//! `/proc/<pid>/maps`, and the files behind it.

use super::elf::Image;
use crate::control::check;
use crate::outcome::Module;
use libc::pid_t;
use std::cell::OnceCell;
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;

pub struct Mapping {
    pub start: u64,
    pub end: u64,
    pub executable: bool,
    pub file: Option<usize>,
    offset: u64,
}

struct FileEntry {
    /// As the program sees it.
    path: String,
    inode: u64,
    base: u64,
    image: OnceCell<Option<Image>>,
}

pub struct AddressSpace {
    /// The capsule's root, as its processes see it.
    root: OwnedFd,
    mappings: Vec<Mapping>,
    files: Vec<FileEntry>,
}

impl AddressSpace {
    pub fn read(pid: pid_t) -> io::Result<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/maps"))?;
        let root = File::open(format!("/proc/{pid}/root"))?.into();
        let mut space = Self { root, mappings: Vec::new(), files: Vec::new() };
        for line in text.lines() {
            space.add(line);
        }
        Ok(space)
    }

    /// `start-end perms offset dev inode   path`.
    fn add(&mut self, line: &str) -> Option<()> {
        let mut fields = line.splitn(6, ' ');
        let (start, end) = fields.next()?.split_once('-')?;
        let perms = fields.next()?;
        let offset = u64::from_str_radix(fields.next()?, 16).ok()?;
        let inode = fields.nth(1)?.parse().ok()?;
        // A file that was replaced on the host is still what the capsule's own mount shows.
        let path = fields.next()?.trim_start().trim_end_matches(" (deleted)");
        let start = u64::from_str_radix(start, 16).ok()?;
        let file = path.starts_with('/').then(|| self.file(path, inode, start));
        let end = u64::from_str_radix(end, 16).ok()?;
        self.mappings.push(Mapping { start, end, executable: perms.contains('x'), file, offset });
        Some(())
    }

    fn file(&mut self, path: &str, inode: u64, start: u64) -> usize {
        self.files.iter().position(|file| file.path == path && file.inode == inode).unwrap_or_else(|| {
            self.files.push(FileEntry { path: path.into(), inode, base: start, image: OnceCell::new() });
            self.files.len() - 1
        })
    }

    pub fn at(&self, address: u64) -> Option<&Mapping> {
        let index = self.mappings.partition_point(|mapping| mapping.end <= address);
        self.mappings.get(index).filter(|mapping| mapping.start <= address)
    }

    pub fn is_code(&self, address: u64) -> bool {
        self.at(address).is_some_and(|mapping| mapping.executable)
    }

    pub fn path(&self, file: usize) -> &str {
        &self.files[file].path
    }

    pub fn image(&self, file: usize) -> Option<&Image> {
        let entry = &self.files[file];
        entry.image.get_or_init(|| Image::read(self.open(entry)?).ok()).as_ref()
    }

    /// What has to be added to a virtual address of the file to get one of this process.
    pub fn bias(&self, mapping: &Mapping) -> Option<u64> {
        let image = self.image(mapping.file?)?;
        image.vaddr_of(mapping.offset).map(|vaddr| mapping.start.wrapping_sub(vaddr))
    }

    pub fn modules(&self) -> Vec<Module> {
        let has_code =
            |file: usize| self.mappings.iter().any(|mapping| mapping.file == Some(file) && mapping.executable);
        let module = |file: &FileEntry| Module {
            path: file.path.clone(),
            base: format!("{:#x}", file.base),
            gnu_build_id: self.open(file).and_then(super::elf::build_id),
        };
        self.files.iter().enumerate().filter(|(index, _)| has_code(*index)).map(|(_, file)| module(file)).collect()
    }

    /// Opens what the path leads to within the capsule's root: a link that the program made never reaches the host.
    ///
    /// Where the program can write, only if it is still the file that is mapped.
    fn open(&self, file: &FileEntry) -> Option<File> {
        let path = CString::new(file.path.as_str()).ok()?;
        // SAFETY: an all-zero value is valid for this plain structure; path and structure live through the call, and
        // the descriptor is owned from here on.
        let opened = unsafe {
            let mut how: libc::open_how = std::mem::zeroed();
            how.flags = (libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC) as u64;
            how.resolve = libc::RESOLVE_IN_ROOT | libc::RESOLVE_NO_MAGICLINKS;
            let root = self.root.as_raw_fd();
            let fd = libc::syscall(libc::SYS_openat2, root, path.as_ptr(), &raw const how, size_of_val(&how));
            File::from_raw_fd(check(fd as i32).ok()?)
        };
        let meta = opened.metadata().ok()?;
        let writable = ["/work/", "/tmp/"].iter().any(|place| file.path.starts_with(place));
        (meta.is_file() && (!writable || meta.ino() == file.inode)).then_some(opened)
    }
}
