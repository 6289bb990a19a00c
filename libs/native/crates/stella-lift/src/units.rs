//! The partition: every file-backed byte of a segment belongs to exactly one unit.

use crate::functions::{Function, padding_length};
use crate::go::types::Field;
use crate::image::Image;
use stella_frame::Failure;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Function(u32),
    /// A jump table: part of its function.
    Table(u32),
    Data,
    /// Part of a leaf whose content is given in another form than its bytes.
    Container(u32),
    Padding,
    Residual,
}

/// Fields that hold offsets or addresses at known places, ascending.
pub type Fields = Box<[(u32, Field)]>;

#[derive(Debug, Clone)]
pub struct Unit {
    pub start: u64,
    pub end: u64,
    pub class: Class,
    pub writable: bool,
    /// A stable name such as `type:…` or a symbol; `None` for content-addressed data.
    pub name: Option<Box<str>>,
    pub fields: Option<Fields>,
    /// Whether words may be pointers.
    pub pointers: bool,
}

/// A leaf that stands for derived bytes (indexes, hash tables, relocation lists): its content in a form without layout.
#[derive(Debug, Clone)]
pub struct Container {
    pub id: String,
    pub kind: &'static str,
    pub content: blake3::Hasher,
    pub size: u64,
    /// Addresses of what it refers to.
    pub references: Vec<u64>,
    pub residual: u64,
}

impl Container {
    pub fn new(id: impl Into<String>, kind: &'static str) -> Self {
        Self { id: id.into(), kind, content: blake3::Hasher::new(), size: 0, references: Vec::new(), residual: 0 }
    }
}

/// A place that something refers to; `extent` bytes are read there, 0 when nothing bounds it.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    pub at: u64,
    pub extent: u32,
}

/// How bytes that no claim covers are split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    Code,
    Data { writable: bool, pointers: bool },
    Container(u32),
    Gap,
}

pub struct Region {
    pub start: u64,
    pub end: u64,
    pub fill: Fill,
}

/// Zero bytes at the end of unbounded data up to this many count as padding: the strictest alignment in use.
const PADDING_BYTES_MAX: usize = 64;

fn unit(start: u64, end: u64, class: Class) -> Unit {
    Unit { start, end, class, writable: false, name: None, fields: None, pointers: false }
}

fn data(start: u64, end: u64, writable: bool, pointers: bool) -> Unit {
    Unit { writable, pointers, ..unit(start, end, Class::Data) }
}

/// Builds the partition from claims (first by start, then longest), regions (disjoint, ascending) and cuts (ascending).
/// Errors: `LIMIT_UNITS`.
pub fn partition(
    image: &Image<'_>,
    functions: &[Function],
    mut claims: Vec<Unit>,
    regions: &[Region],
    cuts: &[Cut],
    units_max: usize,
) -> Result<Vec<Unit>, Failure> {
    claims.extend(functions.iter().enumerate().map(|(i, f)| unit(f.start, f.end, Class::Function(i as u32))));
    claims.sort_by(|a, b| (a.start, b.end, &a.name).cmp(&(b.start, a.end, &b.name)));
    let mut units = Vec::with_capacity(claims.len() * 2);
    let mut claims = claims.into_iter().peekable();
    for region in regions {
        let mut at = region.start;
        while at < region.end {
            while claims.peek().is_some_and(|c| c.end <= at || c.end <= c.start) {
                claims.next();
            }
            match claims.peek() {
                Some(claim) if claim.start <= at => {
                    let Some(mut claim) = claims.next() else { break };
                    let whole = claim.start == at;
                    claim.start = at;
                    claim.end = claim.end.min(region.end);
                    if !whole {
                        // A claim that overlaps an earlier one keeps only its tail, as plain data.
                        claim = Unit { name: None, fields: None, class: match claim.class { Class::Function(_) => Class::Residual, c => c }, ..claim };
                    }
                    at = claim.end;
                    units.push(claim);
                }
                next => {
                    let to = next.map_or(region.end, |c| c.start).min(region.end);
                    fill(image, region.fill, at, to, cuts, &mut units);
                    at = to;
                }
            }
            if units.len() > units_max {
                return Err(Failure::new("LIMIT_UNITS", "too many units", "raise the limit or split the file").fact("unitsMax", units_max));
            }
        }
    }
    Ok(units)
}

fn fill(image: &Image<'_>, fill: Fill, from: u64, to: u64, cuts: &[Cut], units: &mut Vec<Unit>) {
    let bytes = image.slice(from, to).unwrap_or(&[]);
    match fill {
        Fill::Container(c) => units.push(unit(from, to, Class::Container(c))),
        Fill::Code if padding_length(bytes) == bytes.len() => units.push(unit(from, to, Class::Padding)),
        Fill::Gap if bytes.iter().all(|b| *b == 0) => units.push(unit(from, to, Class::Padding)),
        Fill::Code | Fill::Gap => units.push(unit(from, to, Class::Residual)),
        Fill::Data { writable, pointers } => {
            let first = cuts.partition_point(|c| c.at < from);
            let inside = &cuts[first..first + cuts[first..].partition_point(|c| c.at < to)];
            let start = inside.first().map_or(to, |c| c.at);
            remainder(image, from, start, writable, pointers, units);
            for (i, cut) in inside.iter().enumerate() {
                let next = inside.get(i + 1).map_or(to, |c| c.at);
                let end = if cut.extent > 0 { next.min(cut.at + u64::from(cut.extent)) } else { unpadded(image, cut.at, next, pointers) };
                units.push(data(cut.at, end, writable, pointers));
                remainder(image, end, next, writable, pointers, units);
            }
        }
    }
}

/// End of the data before trailing zero bytes that alignment explains.
fn unpadded(image: &Image<'_>, start: u64, end: u64, pointers: bool) -> u64 {
    let bytes = image.slice(start, end).unwrap_or(&[]);
    let kept = bytes.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
    if kept == 0 || bytes.len() - kept >= PADDING_BYTES_MAX {
        return end;
    }
    // The high bytes of an address are zero, and no padding.
    let kept = start + kept as u64;
    let word = (kept - 1) & !7;
    let address = pointers && word >= start && image.u64_at(word).is_some_and(|v| image.segment_of(v).is_some());
    if address { (word + 8).min(end) } else { kept }
}

fn remainder(image: &Image<'_>, from: u64, to: u64, writable: bool, pointers: bool, units: &mut Vec<Unit>) {
    if from >= to {
        return;
    }
    let zero = image.slice(from, to).is_some_and(|b| b.len() < PADDING_BYTES_MAX && b.iter().all(|b| *b == 0));
    if zero {
        units.push(unit(from, to, Class::Padding));
    } else {
        units.push(data(from, to, writable, pointers));
    }
}

pub fn unit_at(units: &[Unit], address: u64) -> Option<usize> {
    let i = units.partition_point(|u| u.start <= address);
    i.checked_sub(1).filter(|i| address < units[*i].end)
}
