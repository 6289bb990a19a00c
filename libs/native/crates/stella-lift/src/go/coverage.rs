//! Whether every byte of the function table is spoken for by something that was read from it.

use super::pclntab::Layout;
use super::regions::{FUNCDATA_INLINE_TREE, GoTables};
use super::u32_at;
use crate::image::Image;
use crate::units::Container;

struct Marks<'a> {
    bytes: &'a [u8],
    seen: Vec<bool>,
}

impl Marks<'_> {
    fn mark(&mut self, start: usize, length: usize) {
        let end = start.saturating_add(length).min(self.seen.len());
        if start < end {
            self.seen[start..end].fill(true);
        }
    }

    fn text(&mut self, start: usize) {
        if self.seen.get(start).is_some_and(|seen| !seen) {
            let length = self.bytes[start..].iter().position(|b| *b == 0).map_or(0, |n| n + 1);
            self.mark(start, length);
        }
    }
}

/// Puts what nothing read into the table's own leaf, byte by byte, and compares the index by address with the table
/// that it is derived from; both count as residual.
pub fn check(image: &Image<'_>, go: &GoTables<'_>, containers: &mut [Container]) {
    let table = &go.pclntab;
    let mut marks = Marks { bytes: table.bytes, seen: vec![false; table.bytes.len()] };
    let (new, count) = (table.layout >= Layout::Go118, table.functions.len());
    marks.mark(0, if new { 72 } else { 64 });
    marks.mark(table.funcs, (if new { 8 } else { 16 }) * count + if new { 4 } else { 8 });
    // A compilation unit's part of the file list has no length: it runs to where the next one starts.
    marks.mark(table.cutab, table.filetab.saturating_sub(table.cutab));
    for at in (table.cutab..table.filetab).step_by(4) {
        if let Some(offset) = u32_at(table.bytes, at).filter(|o| *o != u32::MAX) {
            marks.text(table.filetab + offset as usize);
        }
    }
    for (index, f) in table.functions.iter().enumerate() {
        marks.mark(f.record.0 as usize, (f.record.1 - f.record.0) as usize);
        marks.text(table.names + f.name_offset as usize);
        for offset in [f.pcsp, f.pcfile, f.pcln].iter().chain(&f.pcdata).filter(|o| **o != 0) {
            marks.mark(table.pctab + *offset as usize, table.table(*offset).len());
        }
        let Some(Some(offset)) = f.funcdata.get(FUNCDATA_INLINE_TREE) else { continue };
        let (start, size) = (go.funcdata_address(*offset), go.inline_entry_size());
        let name = if table.layout >= Layout::Go120 { 4 } else { 12 };
        for i in 0..go.inline_entries(index) {
            if let Some(offset) = image.u32_at(start + i * size + name) {
                marks.text(table.names + offset as usize);
            }
        }
    }
    let rest: Vec<u8> = marks.bytes.iter().zip(&marks.seen).filter(|(byte, seen)| !**seen && **byte != 0).map(|(byte, _)| *byte).collect();
    if let Some(container) = containers.iter_mut().find(|c| c.id == "go:gopclntab") {
        container.content.update(&[table.layout as u8]).update(&rest);
        container.residual += rest.len() as u64;
    }
    if let Some(container) = containers.iter_mut().find(|c| c.id == "go:findfunctab") {
        container.residual += index_mismatches(image, go);
    }
}

/// Buckets of 4096 bytes of code: a first index and 16 one-byte deltas. Source: `runtime.findfuncbucket`.
fn index_mismatches(image: &Image<'_>, go: &GoTables<'_>) -> u64 {
    let functions = &go.pclntab.functions;
    let end = functions.last().map_or(0, |f| f.end);
    let mut wrong = 0;
    for (i, at) in (go.pclntab.text_start..end).step_by(256).enumerate() {
        let bucket = go.module.find_func_tab + (i as u64 / 16) * 20;
        let delta = image.slice(bucket + 4 + i as u64 % 16, bucket + 5 + i as u64 % 16).map(|b| u32::from(b[0]));
        let found = image.u32_at(bucket).zip(delta).map(|(first, delta)| u64::from(first) + u64::from(delta));
        let expected = functions.partition_point(|f| f.start <= at).saturating_sub(1) as u64;
        wrong += u64::from(found != Some(expected));
    }
    wrong
}
