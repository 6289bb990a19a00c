//! What an unwinder needs of an ELF file.

use crate::limits::MODULE_BYTES_MAX;
use object::elf::FileHeader64;
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, ReadCache, SymbolKind};
use std::cell::OnceCell;
use std::fs::File;
use std::io::{self, Read};

const PAGE: u64 = 4096;

pub struct Section {
    pub address: u64,
    pub bytes: Vec<u8>,
}

struct Load {
    offset: u64,
    vaddr: u64,
    file_size: u64,
}

struct Symbol {
    start: u64,
    size: u64,
    name: String,
}

pub struct Image {
    data: Vec<u8>,
    loads: Vec<Load>,
    pub text_address: u64,
    pub eh_frame: Option<Section>,
    pub eh_frame_hdr: Option<Section>,
    pub build_id: Option<String>,
    symbols: OnceCell<Vec<Symbol>>,
}

impl Image {
    pub fn read(file: File) -> io::Result<Self> {
        if !file.metadata()?.is_file() || file.metadata()?.len() > MODULE_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut data = Vec::new();
        file.take(MODULE_BYTES_MAX).read_to_end(&mut data)?;
        Self::parse(data).map_err(io::Error::other)
    }

    fn parse(data: Vec<u8>) -> object::Result<Self> {
        let elf = ElfFile64::<LittleEndian>::parse(&*data)?;
        let header: &FileHeader64<LittleEndian> = elf.elf_header();
        let endian = LittleEndian;
        let loads = header
            .program_headers(endian, &*data)?
            .iter()
            .filter(|part| part.p_type(endian) == object::elf::PT_LOAD)
            .map(|part| Load {
                offset: part.p_offset(endian),
                vaddr: part.p_vaddr(endian),
                file_size: part.p_filesz(endian),
            })
            .collect();
        let section = |name: &str| {
            let section = elf.section_by_name(name)?;
            Some(Section { address: section.address(), bytes: section.uncompressed_data().ok()?.into_owned() })
        };
        let (eh_frame, eh_frame_hdr) = (section(".eh_frame"), section(".eh_frame_hdr"));
        let text_address = elf.section_by_name(".text").map_or(0, |text| text.address());
        let build_id = elf.build_id().ok().flatten().map(hex);
        Ok(Self { loads, text_address, eh_frame, eh_frame_hdr, build_id, symbols: OnceCell::new(), data })
    }

    /// The virtual address at which the page of file offset `offset` is mapped.
    pub fn vaddr_of(&self, offset: u64) -> Option<u64> {
        self.loads
            .iter()
            .find(|load| (load.offset & !(PAGE - 1)..load.offset + load.file_size.max(1)).contains(&offset))
            .map(|load| (load.vaddr & !(PAGE - 1)).wrapping_add(offset - (load.offset & !(PAGE - 1))))
    }

    /// The function that covers a virtual address, by the symbol tables that the file still has.
    pub fn symbol(&self, vaddr: u64) -> Option<&str> {
        let symbols = self.symbols.get_or_init(|| self.functions());
        let index = symbols.partition_point(|symbol| symbol.start <= vaddr).checked_sub(1)?;
        let found = &symbols[index];
        (vaddr - found.start < found.size.max(1)).then_some(found.name.as_str())
    }

    fn functions(&self) -> Vec<Symbol> {
        let Ok(elf) = ElfFile64::<LittleEndian>::parse(&*self.data) else { return Vec::new() };
        let mut found: Vec<Symbol> = elf
            .symbols()
            .chain(elf.dynamic_symbols())
            .filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.is_definition())
            .filter_map(|symbol| {
                let name = symbol.name().ok()?.to_string();
                Some(Symbol { start: symbol.address(), size: symbol.size(), name })
            })
            .collect();
        // Aliases share an address: the largest, then the first by name, whatever the table's order.
        found.sort_by(|a, b| a.start.cmp(&b.start).then(b.size.cmp(&a.size)).then(a.name.cmp(&b.name)));
        found.dedup_by_key(|symbol| symbol.start);
        found
    }
}

/// The GNU build id, reading only the headers and the note.
pub fn build_id(file: File) -> Option<String> {
    let cache = ReadCache::new(file);
    let elf = ElfFile64::<LittleEndian, _>::parse(&cache).ok()?;
    elf.build_id().ok().flatten().map(hex)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
