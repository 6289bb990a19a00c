//! Where functions lie: Go's table, symbols, unwind entries, and what executable bytes remain between them.

use crate::eh_frame::Unwind;
use crate::go::pclntab::Pclntab;
use crate::image::{Image, Section};
use iced_x86::{Code, Decoder, DecoderOptions, Mnemonic};
use rustc_hash::FxHashMap;
use stella_frame::Failure;

#[derive(Debug, Clone, Default)]
pub struct Function {
    /// Empty when no symbol names it.
    pub name: String,
    pub start: u64,
    /// Without trailing padding.
    pub end: u64,
    /// Index in the Go table.
    pub go: Option<usize>,
    /// Index among the unwind entries.
    pub unwind: Option<usize>,
}

pub fn is_plt(section: &Section) -> bool {
    section.name.starts_with(".plt")
}

struct Start {
    end: u64,
    name: String,
    rank: (bool, bool),
    go: Option<usize>,
    unwind: Option<usize>,
}

/// All functions, ascending and disjoint. Errors: `LIMIT_FUNCTIONS`.
pub fn discover(image: &Image<'_>, go: Option<&Pclntab<'_>>, unwind: &Unwind, max: usize) -> Result<Vec<Function>, Failure> {
    let mut starts: FxHashMap<u64, Start> = FxHashMap::default();
    let mut code: Vec<(u64, u64)> = Vec::new();
    for section in image.sections.iter().filter(|s| s.allocated && s.executable && !is_plt(s)) {
        if section.end > section.start && image.slice(section.start, section.end).is_some() {
            code.push((section.start, section.end));
        }
    }
    if image.sections.is_empty() {
        code.extend(image.segments.iter().filter(|s| s.executable).map(|s| (s.start, s.start + s.file_size)));
    }
    code.sort_unstable();
    let within = |at: u64| code.iter().find(|c| c.0 <= at && at < c.1).copied();
    if let Some(table) = go {
        for (i, f) in table.functions.iter().enumerate().filter(|(_, f)| f.end > f.start && within(f.start).is_some()) {
            let start = Start { end: f.end, name: f.name.into(), rank: (false, false), go: Some(i), unwind: None };
            starts.insert(f.start, start);
        }
    }
    let owned = |at: u64| go.is_some_and(|t| t.function_of(at).is_some());
    for (i, entry) in unwind.entries.iter().enumerate().filter(|(_, e)| within(e.start).is_some() && !owned(e.start)) {
        let start = Start { end: entry.end, name: String::new(), rank: (false, false), go: None, unwind: Some(i) };
        starts.insert(entry.start, start);
    }
    for symbol in image.symbols.iter().filter(|s| s.function) {
        if within(symbol.address).is_none() || owned(symbol.address) {
            continue;
        }
        let end = symbol.address.saturating_add(symbol.size);
        let entry = starts.entry(symbol.address).or_insert(Start { end, name: String::new(), rank: (false, false), go: None, unwind: None });
        if entry.unwind.is_none() {
            entry.end = entry.end.max(end);
        }
        let rank = (symbol.global, true);
        if entry.name.is_empty() || rank > entry.rank || (rank == entry.rank && symbol.name < entry.name.as_str()) {
            entry.name = symbol.name.into();
            entry.rank = rank;
        }
    }
    let mut order: Vec<(u64, Start)> = starts.into_iter().collect();
    order.sort_by_key(|s| s.0);
    let mut functions: Vec<Function> = Vec::with_capacity(order.len());
    let mut order = order.into_iter().peekable();
    for (from, to) in code {
        let mut at = from;
        loop {
            let next = order.peek().map_or(to, |s| s.0).min(to);
            if next > at {
                gap(image, at, next, &mut functions);
            }
            if next >= to {
                break;
            }
            let Some((start, s)) = order.next() else { break };
            let following = order.peek().map_or(to, |n| n.0).min(to);
            let end = if s.end > start { s.end.min(following) } else { following };
            let end = trim(image, start, end);
            if end > start {
                functions.push(Function { name: s.name, start, end, go: s.go, unwind: s.unwind });
            }
            at = end.max(start);
            if functions.len() > max {
                return Err(Failure::new("LIMIT_FUNCTIONS", "too many functions", "raise the limit or split the file").fact("functionsMax", max));
            }
        }
    }
    Ok(functions)
}

/// End of the code before trailing padding that no function needs.
fn trim(image: &Image<'_>, start: u64, end: u64) -> u64 {
    let Some(bytes) = image.slice(start, end) else { return start };
    let kept = bytes.iter().rposition(|b| *b != 0xcc).map_or(0, |i| i + 1);
    // A whole function of int3 is still a function.
    if kept == 0 { end } else { start + kept as u64 }
}

/// Length of the padding (nop, int3, zero bytes) that `bytes` starts with.
pub fn padding_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == 0xcc || bytes[at] == 0 {
            at += 1;
            continue;
        }
        let mut decoder = Decoder::new(64, &bytes[at..(at + 15).min(bytes.len())], DecoderOptions::NONE);
        let instruction = decoder.decode();
        if instruction.code() == Code::INVALID || instruction.mnemonic() != Mnemonic::Nop {
            break;
        }
        at += instruction.len();
    }
    at
}

fn gap(image: &Image<'_>, start: u64, end: u64, functions: &mut Vec<Function>) {
    let Some(bytes) = image.slice(start, end) else { return };
    let skipped = padding_length(bytes) as u64;
    if start + skipped < end {
        let end = trim(image, start + skipped, end);
        functions.push(Function { start: start + skipped, end, ..Default::default() });
    }
}

pub fn function_at(functions: &[Function], address: u64) -> Option<usize> {
    let i = functions.partition_point(|f| f.start <= address);
    i.checked_sub(1).filter(|i| address < functions[*i].end)
}
