//! The linker's record of where everything is (`runtime.firstmoduledata`), Go 1.16 and later.
//!
//! Source: `runtime/symtab.go`, `type moduledata`.

use super::pclntab::Layout;
use crate::image::Image;

#[derive(Debug, Clone, Copy, Default)]
pub struct ModuleData {
    pub address: u64,
    pub size: u64,
    pub find_func_tab: u64,
    pub gcdata: u64,
    pub gcbss: u64,
    pub types: u64,
    pub end_types: u64,
    pub rodata: u64,
    /// Base of function data offsets; 0 before Go 1.18.
    pub go_func: u64,
    /// Addresses and counts.
    pub text_sections: (u64, u64),
    pub typelinks: (u64, u64),
    pub itablinks: (u64, u64),
}

/// Finds the record by its first word, the address of the function table.
pub fn find(image: &Image<'_>, pclntab: u64, layout: Layout, relative: impl Fn(u64) -> Option<u64>) -> Option<ModuleData> {
    for segment in image.segments.iter().filter(|s| s.writable) {
        let mut at = segment.start.next_multiple_of(8);
        while at + 8 <= segment.start + segment.file_size {
            let word = |i: u64| relative(at + 8 * i).or_else(|| image.u64_at(at + 8 * i));
            if word(0) == Some(pclntab)
                && let Some(found) = read(at, layout, &word)
            {
                return Some(found);
            }
            at += 8;
        }
    }
    None
}

fn read(address: u64, layout: Layout, word: &impl Fn(u64) -> Option<u64>) -> Option<ModuleData> {
    let mut m = ModuleData { address, find_func_tab: word(19)?, ..Default::default() };
    let mut i = match layout {
        Layout::Go116 | Layout::Go118 => 33,
        Layout::Go120 => 35,
    };
    (m.gcdata, m.gcbss, m.types, m.end_types) = (word(i)?, word(i + 1)?, word(i + 2)?, word(i + 3)?);
    i += 4;
    if layout >= Layout::Go118 {
        (m.rodata, m.go_func) = (word(i)?, word(i + 1)?);
        i += 2;
    } else {
        m.rodata = m.types;
    }
    // Go 1.26 put `epclntab` here; a slice has equal length and capacity.
    if word(i + 1)? != word(i + 2)? && word(i + 2)? == word(i + 3)? {
        i += 1;
    }
    m.text_sections = (word(i)?, word(i + 1)?);
    m.typelinks = (word(i + 3)?, word(i + 4)?);
    m.itablinks = (word(i + 6)?, word(i + 7)?);
    m.size = 8 * (i + 9);
    (m.types < m.end_types && word(20)? < word(21)?).then_some(m)
}
