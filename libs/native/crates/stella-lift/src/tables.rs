//! Jump tables: data that belongs to the function that jumps through it.

use crate::functions::{Function, function_at};
use crate::image::Image;
use crate::relocations::Relocations;
use crate::scan::{Scan, Touch};
use crate::space::{Word, word_at};
use crate::units::{Class, Cut, Unit};
use rustc_hash::FxHashMap;

#[derive(Debug, Default)]
pub struct JumpTables {
    /// Start → end and entry size (8: addresses; 4: offsets from the start).
    found: FxHashMap<u64, (u64, u8)>,
}

const ENTRIES_MAX: u64 = 1 << 16;

fn entry(image: &Image<'_>, relocations: &Relocations, start: u64, at: u64, size: u8) -> Option<u64> {
    if size == 8 {
        return match word_at(image, relocations, at, false) {
            Some(Word::Address(to)) => Some(to),
            None if image.position_dependent() => image.u64_at(at),
            _ => None,
        };
    }
    Some(start.wrapping_add(image.u32_at(at)? as i32 as i64 as u64))
}

impl JumpTables {
    /// Looks at every read-only place whose address is taken by exactly one function with an indirect jump.
    pub fn find(image: &Image<'_>, relocations: &Relocations, functions: &[Function], scan: &Scan, cuts: &[Cut]) -> (Self, Vec<Unit>) {
        let mut tables = Self::default();
        let mut claims = Vec::new();
        for group in scan.references.chunk_by(|a, b| a.target == b.target) {
            let (start, owner) = (group[0].target, group[0].function);
            let taken = group.iter().all(|r| r.function == owner && r.touch == Touch::Taken);
            if !taken || !scan.indirect_jump[owner as usize] || start % 4 != 0 {
                continue;
            }
            if image.segment_of(start).is_none_or(|s| s.executable) {
                continue;
            }
            let next = cuts.partition_point(|c| c.at <= start);
            let limit = cuts.get(next).map_or(u64::MAX, |c| c.at);
            for size in [8u8, 4] {
                let own = |to: u64| {
                    function_at(functions, to).is_some_and(|f| {
                        f == owner as usize && to != functions[f].start || cold_part(&functions[owner as usize].name, &functions[f].name)
                    })
                };
                let mut at = start;
                while at + u64::from(size) <= limit
                    && (at - start) / u64::from(size) < ENTRIES_MAX
                    && entry(image, relocations, start, at, size).is_some_and(own)
                {
                    at += u64::from(size);
                }
                if at >= start + 2 * u64::from(size) {
                    tables.found.insert(start, (at, size));
                    claims.push(Unit {
                        start,
                        end: at,
                        class: Class::Table(owner),
                        writable: false,
                        name: None,
                        fields: None,
                        pointers: false,
                    });
                    break;
                }
            }
        }
        (tables, claims)
    }

    pub fn targets<'t>(&self, image: &'t Image<'_>, relocations: &'t Relocations, start: u64) -> impl Iterator<Item = u64> + 't {
        let (end, size) = self.found.get(&start).copied().unwrap_or((start, 8));
        (start..end).step_by(size as usize).filter_map(move |at| entry(image, relocations, start, at, size))
    }
}

/// gcc moves unlikely blocks to `<function>.cold`, and its tables lead there.
fn cold_part(name: &str, other: &str) -> bool {
    !name.is_empty() && other.strip_prefix(name).is_some_and(|rest| rest.starts_with(".cold"))
}
