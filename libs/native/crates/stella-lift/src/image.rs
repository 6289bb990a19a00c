//! An ELF x86-64 file as the loader sees it: segments, sections, symbols, dynamic relocations.

use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader, Sym};
use object::LittleEndian as LE;
use stella_frame::Failure;

/// A mapped range; `file` is its file-backed part.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    pub start: u64,
    pub end: u64,
    pub file_offset: u64,
    pub file_size: u64,
    pub writable: bool,
    pub executable: bool,
}

#[derive(Debug, Clone)]
pub struct Section {
    pub name: String,
    pub start: u64,
    pub end: u64,
    pub file_offset: u64,
    pub kind: u32,
    pub allocated: bool,
    pub writable: bool,
    pub executable: bool,
    pub compressed: bool,
}

#[derive(Debug, Clone)]
pub struct Symbol<'a> {
    pub name: &'a str,
    pub address: u64,
    pub size: u64,
    pub function: bool,
    pub object: bool,
    pub dynamic: bool,
    pub global: bool,
}

pub struct Image<'a> {
    pub bytes: &'a [u8],
    pub kind: u16,
    pub entry: u64,
    pub program_headers: (u64, u64),
    pub program_header_kinds: Vec<(u32, u32, u64)>,
    pub segments: Vec<Segment>,
    pub sections: Vec<Section>,
    pub symbols: Vec<Symbol<'a>>,
    /// Undefined dynamic symbols, name and version unknown ones included, for the import leaf.
    pub dynamic_names: Vec<(u32, &'a str)>,
    pub has_symtab: bool,
    /// Where the section headers lie in the file.
    pub section_headers: (u64, u64),
    /// Whether the Go linker laid out the data.
    pub go: bool,
    /// Go's data section without pointers.
    pub go_plain: Option<(u64, u64)>,
    /// Ranges of allocated sections, ascending.
    allocated: Vec<(u64, u64)>,
}

fn broken(what: &str) -> Failure {
    Failure::new("INPUT_TRUNCATED", format!("{what} lies outside of the file or contradicts itself"), "give the complete file")
        .fact("part", what)
}

/// What an image is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Lift,
    /// Separate debug files keep the headers of segments whose bytes they left out: such segments are skipped.
    Identify,
}

/// Errors: `INPUT_NOT_ELF`, `ARCH_UNSUPPORTED`, `INPUT_TRUNCATED`.
pub fn parse_image(bytes: &[u8], purpose: Purpose) -> Result<Image<'_>, Failure> {
    if bytes.len() < 4 || bytes[..4] != elf::ELFMAG {
        return Err(Failure::new("INPUT_NOT_ELF", "the file does not start with the ELF magic", "give an ELF file"));
    }
    if bytes.len() < 64 {
        return Err(broken("ELF header"));
    }
    let machine = u16::from_le_bytes([bytes[18], bytes[19]]);
    if bytes[4] != elf::ELFCLASS64.0 || bytes[5] != elf::ELFDATA2LSB.0 || machine != elf::EM_X86_64.0 {
        return Err(Failure::new("ARCH_UNSUPPORTED", "only little-endian 64-bit x86-64 is lifted", "give an x86-64 ELF file")
            .fact("class", bytes[4])
            .fact("machine", machine));
    }
    let header = FileHeader64::<LE>::parse(bytes).map_err(|_| broken("ELF header"))?;
    let headers = header.program_headers(LE, bytes).map_err(|_| broken("program headers"))?;
    let mut segments = Vec::new();
    let mut kinds = Vec::new();
    for p in headers {
        kinds.push((p.p_type(LE).0, p.p_flags(LE).0, p.p_align(LE)));
        if p.p_type(LE) != elf::PT_LOAD || p.p_memsz(LE) == 0 {
            continue;
        }
        let (offset, size) = (p.p_offset(LE), p.p_filesz(LE));
        let start = p.p_vaddr(LE);
        let end = start.checked_add(p.p_memsz(LE).max(size)).ok_or_else(|| broken("segment"))?;
        if offset.checked_add(size).is_none_or(|e| e > bytes.len() as u64) {
            if purpose == Purpose::Identify {
                continue;
            }
            return Err(broken("segment"));
        }
        let flags = p.p_flags(LE).0;
        segments.push(Segment { start, end, file_offset: offset, file_size: size, writable: flags & 2 != 0, executable: flags & 1 != 0 });
    }
    segments.sort_by_key(|s| s.start);
    if segments.windows(2).any(|w: &[Segment]| w[1].start < w[0].end) && purpose == Purpose::Lift {
        return Err(broken("segments overlap"));
    }
    let table = header.sections(LE, bytes).map_err(|_| broken("section headers"))?;
    let mut sections = Vec::new();
    for s in table.iter() {
        let flags = s.sh_flags(LE).0;
        let (start, size) = (s.sh_addr(LE), s.sh_size(LE));
        let kind = s.sh_type(LE).0;
        let end = start.checked_add(size).ok_or_else(|| broken("section"))?;
        if kind != elf::SHT_NOBITS.0 && kind != 0 && s.sh_offset(LE).checked_add(size).is_none_or(|e| e > bytes.len() as u64) {
            return Err(broken("section"));
        }
        let name = String::from_utf8_lossy(table.section_name(LE, s).unwrap_or(b"?")).into_owned();
        sections.push(Section {
            name,
            start,
            end,
            file_offset: s.sh_offset(LE),
            kind,
            allocated: flags & 2 != 0,
            writable: flags & 1 != 0,
            executable: flags & 4 != 0,
            compressed: flags & elf::SHF_COMPRESSED.0 != 0,
        });
    }
    let mut symbols = Vec::new();
    let mut dynamic_names = Vec::new();
    let mut has_symtab = false;
    for (kind, dynamic) in [(elf::SHT_SYMTAB, false), (elf::SHT_DYNSYM, true)] {
        let list = table.symbols(LE, bytes, kind).map_err(|_| broken("symbol table"))?;
        has_symtab |= !dynamic && !list.is_empty();
        for (index, symbol) in list.enumerate() {
            let Ok(name) = symbol.name(LE, list.strings()) else { continue };
            let name = std::str::from_utf8(name).unwrap_or("");
            if dynamic {
                dynamic_names.push((index.0 as u32, name));
            }
            let shape = symbol.st_type();
            let section = symbol.st_shndx(LE);
            if section == elf::SHN_UNDEF || section.0 >= 0xff00 || shape == elf::STT_TLS || name.is_empty() {
                continue;
            }
            symbols.push(Symbol {
                name,
                address: symbol.st_value(LE),
                size: symbol.st_size(LE),
                function: shape == elf::STT_FUNC || shape == elf::STT_GNU_IFUNC,
                object: shape == elf::STT_OBJECT,
                dynamic,
                global: symbol.st_bind() != elf::STB_LOCAL,
            });
        }
    }
    let thread_local = |s: &Section| s.kind == elf::SHT_NOBITS.0 && s.name == ".tbss";
    let mut allocated: Vec<(u64, u64)> =
        sections.iter().filter(|s: &&Section| s.allocated && s.end > s.start && !thread_local(s)).map(|s| (s.start, s.end)).collect();
    allocated.sort_unstable();
    let go = sections.iter().any(|s| s.name.ends_with(".gopclntab"));
    Ok(Image {
        section_headers: (header.e_shoff(LE), sections.len() as u64 * 64),
        go,
        go_plain: sections.iter().find(|s| go && s.name == ".noptrdata").map(|s| (s.start, s.end)),
        bytes,
        kind: header.e_type(LE).0,
        entry: header.e_entry(LE),
        program_headers: (header.e_phoff(LE), headers.len() as u64 * 56),
        program_header_kinds: kinds,
        segments,
        sections,
        symbols,
        dynamic_names,
        has_symtab,
        allocated,
    })
}

impl<'a> Image<'a> {
    pub fn segment_of(&self, address: u64) -> Option<&Segment> {
        let i = self.segments.partition_point(|s| s.start <= address);
        self.segments[..i].last().filter(|s| address < s.end)
    }

    /// Whether an address lies where sections put something (anywhere in a segment when there are no sections).
    pub fn mapped(&self, address: u64) -> bool {
        match self.allocated.partition_point(|r| r.0 <= address) {
            0 => self.allocated.is_empty() && self.segment_of(address).is_some(),
            i => address < self.allocated[i - 1].1,
        }
    }

    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|s| s.name == name)
    }

    /// File-backed bytes of `[start, end)`; `None` when any byte of it is not backed by the file.
    pub fn slice(&self, start: u64, end: u64) -> Option<&'a [u8]> {
        let s = self.segment_of(start)?;
        if end < start || end > s.start + s.file_size {
            return None;
        }
        let from = s.file_offset + (start - s.start);
        self.bytes.get(from as usize..(from + (end - start)) as usize)
    }

    /// File-backed bytes from `start` to the end of its segment.
    pub fn tail(&self, start: u64) -> Option<&'a [u8]> {
        let s = self.segment_of(start)?;
        self.slice(start, (s.start + s.file_size).max(start))
    }

    pub fn section_bytes(&self, section: &Section) -> &'a [u8] {
        if section.kind == elf::SHT_NOBITS.0 {
            return &[];
        }
        let from = section.file_offset as usize;
        self.bytes.get(from..from + (section.end - section.start) as usize).unwrap_or(&[])
    }

    pub fn u64_at(&self, address: u64) -> Option<u64> {
        Some(u64::from_le_bytes(self.slice(address, address.checked_add(8)?)?.try_into().ok()?))
    }

    pub fn u32_at(&self, address: u64) -> Option<u32> {
        Some(u32::from_le_bytes(self.slice(address, address.checked_add(4)?)?.try_into().ok()?))
    }

    pub fn file_offset(&self, address: u64) -> Option<u64> {
        let s = self.segment_of(address)?;
        (address < s.start + s.file_size).then(|| s.file_offset + (address - s.start))
    }

    pub fn loaded_bytes(&self) -> u64 {
        self.segments.iter().map(|s| s.file_size).sum()
    }

    pub fn position_dependent(&self) -> bool {
        self.kind == elf::ET_EXEC.0
    }
}
