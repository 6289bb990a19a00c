//! From addresses to functions and source lines.

use crate::go::pclntab;
use crate::identify::functions;
use crate::image::Image;
use crate::limits::Limits;
use addr2line::Context;
use gimli::{Dwarf, EndianSlice, LittleEndian};
use serde::Serialize;

#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    pub address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// The line program's context; `None` without line information that can be read (compressed sections are not).
fn context<'a>(image: &Image<'a>) -> Option<Context<Slice<'a>>> {
    let load = |id: gimli::SectionId| -> Result<Slice<'a>, gimli::Error> {
        let bytes = image.section(id.name()).filter(|s| !s.compressed).map(|s| image.section_bytes(s)).unwrap_or(&[]);
        Ok(EndianSlice::new(bytes, LittleEndian))
    };
    image.section(".debug_line").filter(|s| !s.compressed)?;
    Context::from_dwarf(Dwarf::load(load).ok()?).ok()
}

/// One place for each address, in their order.
pub fn symbolize(image: &Image<'_>, addresses: &[u64], limits: &Limits) -> Vec<Place> {
    let symbols = functions(image, limits);
    let lines = context(image);
    let go = image.section(".gopclntab").or_else(|| image.section(".data.rel.ro.gopclntab")).and_then(|section| {
        let text = image.section(".text").map_or(0, |s| s.start);
        pclntab::parse(image.section_bytes(section), text, limits.functions_max)
    });
    let place = |address: &u64| {
        let i = symbols.partition_point(|s| s.address <= *address);
        let symbol = i.checked_sub(1).map(|i| &symbols[i]).filter(|s| *address - s.address < s.size_bytes.max(1));
        let mut place = Place {
            address: format!("0x{address:x}"),
            function: symbol.map(|s| s.name.clone()),
            offset: symbol.map(|s| address - s.address),
            file: None,
            line: None,
        };
        if let Some(found) = lines.as_ref().and_then(|c| c.find_location(*address).ok().flatten()) {
            (place.file, place.line) = (found.file.map(String::from), found.line);
        } else if let Some((table, f)) = go.as_ref().and_then(|t| Some((t, t.function_of(*address)?))) {
            let offset = (address - f.start) as u32;
            let file = pclntab::value_at(table.table(f.pcfile), offset).and_then(|k| table.file(f.cu_offset, u32::try_from(k).ok()?));
            place.file = file.map(String::from);
            place.line = pclntab::value_at(table.table(f.pcln), offset).and_then(|l| u32::try_from(l).ok());
        }
        place
    };
    addresses.iter().map(place).collect()
}
