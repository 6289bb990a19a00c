//! Variables that hold an interface: two words, a type or its table and the value's address, which belong together.

use crate::image::Image;
use crate::relocations::Relocations;
use crate::units::{Class, Cut, Unit};
use rustc_hash::FxHashSet;

/// Claims of the pairs of words in writable data whose first word leads to a table or descriptor, and whose parts code
/// reaches: the first word alone is the same for every variable of one type. `cuts` ascending.
pub fn claims(image: &Image<'_>, relocations: &Relocations, cuts: &[Cut], named: &[Unit]) -> Vec<Unit> {
    let Some((start, end)) = image.section(".data").filter(|_| image.go).map(|s| (s.start, s.end)) else { return Vec::new() };
    let is_type = |name: &str| name.starts_with("itab:") || name.starts_with("type:");
    let types: FxHashSet<u64> = named.iter().filter(|u| u.name.as_deref().is_some_and(is_type)).map(|u| u.start).collect();
    let first = cuts.partition_point(|c| c.at < start);
    let last = cuts.partition_point(|c| c.at + 16 <= end);
    let inside = &cuts[first..last.max(first)];
    let is_interface = |i: usize| {
        let at = inside[i].at;
        let apart = inside[i + 1..].iter().take_while(|c| c.at < at + 16).all(|c| c.at == at + 8);
        at.is_multiple_of(8) && apart && relocations.pointer(image, at).is_some_and(|to| types.contains(&to))
    };
    (0..inside.len())
        .filter(|i| is_interface(*i))
        .map(|i| Unit { start: inside[i].at, end: inside[i].at + 16, class: Class::Data, writable: true, name: None, fields: None, pointers: true })
        .collect()
}
