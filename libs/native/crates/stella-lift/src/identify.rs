//! Which build a file is, and its functions by address, without lifting.

use crate::go::{buildinfo, pclntab};
use crate::header::toolchain;
use crate::image::Image;
use crate::limits::Limits;
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct FunctionSymbol {
    pub address: u64,
    pub size_bytes: u64,
    pub name: String,
}

/// Name and checksum of the separate debug file. Source: GDB manual, "Debugging Information in Separate Files".
fn debug_link(image: &Image<'_>) -> Option<Value> {
    let bytes = image.section_bytes(image.section(".gnu_debuglink")?);
    let end = bytes.iter().position(|b| *b == 0)?;
    let at = (end + 1).next_multiple_of(4);
    let crc = u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
    Some(json!({ "name": String::from_utf8_lossy(&bytes[..end]), "crc32": format!("{crc:08x}") }))
}

pub fn describe(image: &Image<'_>) -> Value {
    let debug = image.sections.iter().any(|s| s.name == ".debug_info" && s.kind != 8 && s.end > s.start);
    json!({
        "format": "elf",
        "arch": "x86-64",
        "sizeBytes": image.bytes.len(),
        "gnuBuildId": buildinfo::gnu_build_id(image),
        "goBuildId": buildinfo::build_id(image),
        "goVersion": buildinfo::read(image).map(|i| i.go_version),
        "toolchain": toolchain(image),
        "debugLink": debug_link(image),
        "hasDebugInfo": debug,
        "stripped": !image.has_symtab,
    })
}

/// Function symbols ascending by address, one a place: the Go table's first, then symbol tables, global names first.
pub fn functions(image: &Image<'_>, limits: &Limits) -> Vec<FunctionSymbol> {
    let mut found: Vec<(u64, u8, FunctionSymbol)> = Vec::new();
    if let Some(section) = image.section(".gopclntab").or_else(|| image.section(".data.rel.ro.gopclntab")) {
        let text = image.section(".text").map_or(0, |s| s.start);
        if let Some(table) = pclntab::parse(image.section_bytes(section), text, limits.functions_max) {
            found.extend(table.functions.iter().map(|f| {
                (f.start, 0, FunctionSymbol { address: f.start, size_bytes: f.end - f.start, name: f.name.to_string() })
            }));
        }
    }
    for s in image.symbols.iter().filter(|s| s.function) {
        let symbol = FunctionSymbol { address: s.address, size_bytes: s.size, name: s.name.to_string() };
        found.push((s.address, if s.global { 1 } else { 2 }, symbol));
    }
    found.sort_by(|a, b| (a.0, a.1, &a.2.name).cmp(&(b.0, b.1, &b.2.name)));
    found.dedup_by_key(|f| f.0);
    found.into_iter().map(|f| f.2).collect()
}
