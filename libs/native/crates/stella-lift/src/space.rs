//! From an address to what lies there, in terms that do not move with the layout.

use crate::functions::{Function, function_at};
use crate::image::Image;
use crate::relocations::{Relocation, Relocations};
use crate::units::{Class, Unit, unit_at};
use rustc_hash::FxHashMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'s> {
    Function(u32, u32),
    Import(&'s str),
    Unit(u32, u32),
    /// Zero-filled memory without a symbol.
    Unnamed(u64),
    Outside(u64),
}

/// All that a reference is resolved against.
pub struct Space<'s, 'a> {
    pub image: &'s Image<'a>,
    pub relocations: &'s Relocations,
    pub functions: &'s [Function],
    pub units: &'s [Unit],
    pub plt: &'s FxHashMap<u64, String>,
}

/// What a data word will hold once loaded.
pub enum Word<'s> {
    Address(u64),
    Import(&'s str, i64),
    Other(u32, i64),
}

impl<'s> Space<'s, '_> {
    pub fn resolve(&self, address: u64) -> Target<'s> {
        if let Some(i) = unit_at(self.units, address) {
            let unit = &self.units[i];
            return match unit.class {
                Class::Function(f) => Target::Function(f, (address - self.functions[f as usize].start) as u32),
                Class::Container(_) => self.slot(address).unwrap_or(Target::Unit(i as u32, (address - unit.start) as u32)),
                _ => Target::Unit(i as u32, (address - unit.start) as u32),
            };
        }
        match self.image.segment_of(address) {
            Some(_) => Target::Unnamed(address),
            None => Target::Outside(address),
        }
    }

    /// A linkage stub or table slot names an import.
    fn slot(&self, address: u64) -> Option<Target<'s>> {
        if let Some(name) = self.plt.get(&address) {
            return Some(Target::Import(name));
        }
        match self.relocations.at(address)? {
            Relocation::Symbol { name, .. } => Some(Target::Import(name)),
            Relocation::Relative(to) if function_at(self.functions, *to).is_some() || unit_at(self.units, *to).is_some() => {
                match unit_at(self.units, *to).map(|i| self.units[i].class) {
                    Some(Class::Container(_)) => None,
                    _ => Some(self.resolve(*to)),
                }
            }
            _ => None,
        }
    }
}

/// The word at a place that is known to hold an address or nothing.
pub fn known_word<'s>(image: &Image<'_>, relocations: &'s Relocations, address: u64) -> Option<Word<'s>> {
    word_at(image, relocations, address, false).or_else(|| {
        let value = image.u64_at(address).filter(|v| *v != 0 && image.position_dependent() && image.mapped(*v))?;
        Some(Word::Address(value))
    })
}

/// Go aligns all that its read-only data points at, but for the bytes of strings and slices: their length follows.
fn go_pointer(image: &Image<'_>, address: u64, value: u64) -> bool {
    if let Some((start, end)) = image.go_plain.filter(|r| (r.0..r.1).contains(&address)) {
        // Data without pointers for the collector: only package initialisers lead anywhere, to functions and each other.
        let small = |at: u64| image.u64_at(at).is_some_and(|n| n < 4096);
        let task = value.is_multiple_of(8) && (start..end).contains(&value) && image.u64_at(value) == Some(0) && small(value + 8) && small(value + 16)
            && image.u64_at(value + 24).is_some_and(|first| image.mapped(first));
        return task || image.segment_of(value).is_some_and(|s| s.executable);
    }
    value.is_multiple_of(8)
        || image.segment_of(value).is_some_and(|s| s.writable)
        || address.checked_add(8).and_then(|next| image.u64_at(next)).is_some_and(|length| {
            (1..1 << 28).contains(&length) && image.slice(value, value + length).is_some()
        })
}

/// The word at `address`, when it is not plain bytes: what a relocation writes, or, in position-dependent files
/// (`absolute`), a number inside of a data section or code.
pub fn word_at<'s>(image: &Image<'_>, relocations: &'s Relocations, address: u64, absolute: bool) -> Option<Word<'s>> {
    if !relocations.is_empty()
        && let Some(found) = relocations.at(address)
    {
        return Some(match found {
            Relocation::Relative(to) => Word::Address(*to),
            Relocation::Symbol { name, addend, .. } => Word::Import(name, *addend),
            Relocation::Other { kind, addend } => Word::Other(*kind, *addend),
        });
    }
    if !absolute {
        return None;
    }
    let value = image.u64_at(address)?;
    let low = image.segments.first().map_or(0, |s| s.start).max(0x1_0000);
    (value >= low && image.mapped(value) && (!image.go || go_pointer(image, address, value))).then_some(Word::Address(value))
}
