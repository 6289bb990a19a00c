//! Dynamic relocations: what the loader will write, and where.

use crate::image::Image;
use object::elf;
use object::pod;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relocation {
    /// The word becomes base + this address.
    Relative(u64),
    /// The word becomes a symbol's value plus an addend; the kind is kept.
    Symbol { kind: u32, name: String, addend: i64 },
    /// Anything else (IRELATIVE, TLS): kind and addend.
    Other { kind: u32, addend: i64 },
}

/// Relocations sorted by the address that they write.
pub struct Relocations {
    entries: Vec<(u64, Relocation)>,
}

impl Relocations {
    pub fn read(image: &Image<'_>) -> Self {
        let mut entries = Vec::new();
        let names: rustc_hash::FxHashMap<u32, &str> = image.dynamic_names.iter().copied().collect();
        for section in image.sections.iter().filter(|s| s.allocated && s.kind == elf::SHT_RELA.0) {
            let bytes = image.section_bytes(section);
            let count = bytes.len() / 24;
            let Ok((records, _)) = pod::slice_from_bytes::<[[u8; 8]; 3]>(bytes, count) else { continue };
            for record in records {
                let address = u64::from_le_bytes(record[0]);
                let info = u64::from_le_bytes(record[1]);
                let addend = i64::from_le_bytes(record[2]);
                let (kind, symbol) = (info as u32, (info >> 32) as u32);
                let relocation = match elf::RelocationType(kind) {
                    elf::R_X86_64_RELATIVE if symbol == 0 => Relocation::Relative(addend as u64),
                    _ if symbol != 0 => {
                        let name = names.get(&symbol).copied().unwrap_or("?");
                        Relocation::Symbol { kind, name: name.to_string(), addend }
                    }
                    _ => Relocation::Other { kind, addend },
                };
                entries.push((address, relocation));
            }
        }
        entries.sort_by_key(|e| e.0);
        Self { entries }
    }

    pub fn at(&self, address: u64) -> Option<&Relocation> {
        self.entries.binary_search_by_key(&address, |e| e.0).ok().map(|i| &self.entries[i].1)
    }

    /// The address that the word holds once loaded, as far as it is one within this image.
    pub fn pointer(&self, image: &Image<'_>, address: u64) -> Option<u64> {
        match self.at(address) {
            Some(Relocation::Relative(to)) => Some(*to),
            Some(_) => None,
            None => image.u64_at(address),
        }
    }

    pub fn within(&self, start: u64, end: u64) -> &[(u64, Relocation)] {
        let from = self.entries.partition_point(|e| e.0 < start);
        let to = self.entries.partition_point(|e| e.0 < end);
        &self.entries[from..to.max(from)]
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn all(&self) -> &[(u64, Relocation)] {
        &self.entries
    }
}
