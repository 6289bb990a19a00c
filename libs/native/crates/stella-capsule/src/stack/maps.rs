//! `/proc/<pid>/maps`, and the files behind it.

use super::elf::Image;
use crate::outcome::Module;
use libc::pid_t;
use std::cell::OnceCell;
use std::io;
use std::path::PathBuf;

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
    base: u64,
    image: OnceCell<Option<Image>>,
}

pub struct AddressSpace {
    root: PathBuf,
    mappings: Vec<Mapping>,
    files: Vec<FileEntry>,
}

impl AddressSpace {
    pub fn read(pid: pid_t) -> io::Result<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/maps"))?;
        let mut space =
            Self { root: format!("/proc/{pid}/root").into(), mappings: Vec::new(), files: Vec::new() };
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
        let path = fields.nth(2)?.trim_start();
        let start = u64::from_str_radix(start, 16).ok()?;
        let file = path.starts_with('/').then(|| self.file(path, start));
        let end = u64::from_str_radix(end, 16).ok()?;
        self.mappings.push(Mapping { start, end, executable: perms.contains('x'), file, offset });
        Some(())
    }

    fn file(&mut self, path: &str, start: u64) -> usize {
        self.files.iter().position(|file| file.path == path).unwrap_or_else(|| {
            self.files.push(FileEntry { path: path.into(), base: start, image: OnceCell::new() });
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
        entry.image.get_or_init(|| Image::read(&self.host_path(&entry.path)).ok()).as_ref()
    }

    /// What has to be added to a virtual address of the file to get one of this process.
    pub fn bias(&self, mapping: &Mapping) -> Option<u64> {
        let image = self.image(mapping.file?)?;
        image.vaddr_of(mapping.offset).map(|vaddr| mapping.start.wrapping_sub(vaddr))
    }

    pub fn modules(&self) -> Vec<Module> {
        let has_code = |file: usize| self.mappings.iter().any(|mapping| mapping.file == Some(file) && mapping.executable);
        let module = |file: &FileEntry| Module {
            path: file.path.clone(),
            base: format!("{:#x}", file.base),
            gnu_build_id: super::elf::build_id(&self.host_path(&file.path)),
        };
        self.files.iter().enumerate().filter(|(index, _)| has_code(*index)).map(|(_, file)| module(file)).collect()
    }

    fn host_path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}
