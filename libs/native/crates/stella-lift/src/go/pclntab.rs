//! The Go function table (`pclntab`) of Go 1.16 and later.
//!
//! Source: `runtime/symtab.go`, `cmd/link/internal/ld/pcln.go` (magic numbers of 1.16, 1.18 and 1.20).

use super::{u32_at, u64_at, varint};

/// Which layout the magic number tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layout {
    Go116,
    Go118,
    Go120,
}

#[derive(Debug, Clone)]
pub struct GoFunction<'a> {
    pub name: &'a str,
    pub name_offset: u32,
    pub start: u64,
    pub end: u64,
    pub args: u32,
    pub defer_return: u32,
    pub pcsp: u32,
    pub pcfile: u32,
    pub pcln: u32,
    pub cu_offset: u32,
    pub start_line: u32,
    pub func_id: u8,
    pub flag: u8,
    pub pcdata: Vec<u32>,
    /// Offsets from the `gofunc` base (1.18 on) or addresses (before); `None` where absent.
    pub funcdata: Vec<Option<u64>>,
    /// Where its record lies in the table.
    pub record: (u32, u32),
}

pub struct Pclntab<'a> {
    pub layout: Layout,
    pub bytes: &'a [u8],
    pub text_start: u64,
    pub names: usize,
    pub cutab: usize,
    pub filetab: usize,
    pub pctab: usize,
    pub funcs: usize,
    pub functions: Vec<GoFunction<'a>>,
}

/// A table is recognised by its header; `None` when it is not one that this reader knows.
pub fn parse<'a>(bytes: &'a [u8], text: u64, functions_max: usize) -> Option<Pclntab<'a>> {
    let layout = match u32_at(bytes, 0)? {
        0xffff_fffa => Layout::Go116,
        0xffff_fff0 => Layout::Go118,
        0xffff_fff1 => Layout::Go120,
        _ => return None,
    };
    if bytes.get(4..8)? != [0, 0, 1, 8] {
        return None;
    }
    let word = |i: usize| u64_at(bytes, 8 + 8 * i).and_then(|v| usize::try_from(v).ok()).filter(|v| *v <= bytes.len() || i == 2);
    let count = word(0)?;
    let new = layout >= Layout::Go118;
    let base = if new { 3 } else { 2 };
    let text_start = match if new { u64_at(bytes, 24)? } else { 0 } {
        0 => text,
        start => start,
    };
    let (names, cutab, filetab, pctab, funcs) = (word(base)?, word(base + 1)?, word(base + 2)?, word(base + 3)?, word(base + 4)?);
    if count == 0 || count > functions_max {
        return None;
    }
    let mut table = Pclntab { layout, bytes, text_start, names, cutab, filetab, pctab, funcs, functions: Vec::new() };
    table.functions = (0..count).map(|i| table.function(i)).collect::<Option<_>>()?;
    if table.functions.windows(2).any(|w| w[0].start > w[1].start) {
        return None;
    }
    Some(table)
}

impl<'a> Pclntab<'a> {
    fn entry(&self, i: usize) -> Option<(u64, u32)> {
        Some(if self.layout >= Layout::Go118 {
            let at = self.funcs + 8 * i;
            (self.text_start.checked_add(u64::from(u32_at(self.bytes, at)?))?, u32_at(self.bytes, at + 4).unwrap_or(0))
        } else {
            let at = self.funcs + 16 * i;
            (u64_at(self.bytes, at)?, u64_at(self.bytes, at + 8).unwrap_or(0) as u32)
        })
    }

    fn function(&self, i: usize) -> Option<GoFunction<'a>> {
        let (start, offset) = self.entry(i)?;
        let (end, _) = self.entry(i + 1)?;
        let mut at = self.funcs.checked_add(offset as usize)?;
        let first = at;
        at += if self.layout >= Layout::Go118 { 4 } else { 8 };
        let field = |k: usize| u32_at(self.bytes, at + 4 * k);
        let (npcdata, mut tail) = (field(6)? as usize, at + 32);
        let start_line = if self.layout >= Layout::Go120 {
            tail += 4;
            field(8)?
        } else {
            0
        };
        let small = self.bytes.get(tail..tail + 4)?;
        let nfuncdata = small[3] as usize;
        let mut next = tail + 4;
        if npcdata > 64 || end < start {
            return None;
        }
        let pcdata = (0..npcdata).map(|k| u32_at(self.bytes, next + 4 * k)).collect::<Option<Vec<_>>>()?;
        next += 4 * npcdata;
        let funcdata = if self.layout >= Layout::Go118 {
            let list = (0..nfuncdata).map(|k| u32_at(self.bytes, next + 4 * k)).collect::<Option<Vec<_>>>()?;
            next += 4 * nfuncdata;
            list.into_iter().map(|o| (o != u32::MAX).then_some(u64::from(o))).collect()
        } else {
            next = next.next_multiple_of(8);
            let list = (0..nfuncdata).map(|k| u64_at(self.bytes, next + 8 * k)).collect::<Option<Vec<_>>>()?;
            next += 8 * nfuncdata;
            list.into_iter().map(|o| (o != 0).then_some(o)).collect()
        };
        Some(GoFunction {
            name: self.text(self.names + field(0)? as usize)?,
            name_offset: field(0)?,
            start,
            end,
            args: field(1)?,
            defer_return: field(2)?,
            pcsp: field(3)?,
            pcfile: field(4)?,
            pcln: field(5)?,
            cu_offset: field(7)?,
            start_line,
            func_id: small[0],
            flag: small[1],
            pcdata,
            funcdata,
            record: (first as u32, next as u32),
        })
    }

    fn text(&self, at: usize) -> Option<&'a str> {
        let rest = self.bytes.get(at..)?;
        let end = rest.iter().take(1 << 16).position(|b| *b == 0)?;
        std::str::from_utf8(&rest[..end]).ok()
    }

    pub fn name_at(&self, offset: u32) -> Option<&'a str> {
        self.text(self.names + offset as usize)
    }

    /// The raw bytes of one pc-value table, its terminator included; empty for "no table".
    pub fn table(&self, offset: u32) -> &'a [u8] {
        if offset == 0 {
            return &[];
        }
        let rest = self.bytes.get(self.pctab + offset as usize..).unwrap_or(&[]);
        let mut at = 0;
        while let Some((delta, n)) = varint(rest, at) {
            if delta == 0 && at != 0 {
                return &rest[..at + n];
            }
            at += n;
            match varint(rest, at) {
                Some((_, n)) => at += n,
                None => break,
            }
        }
        &rest[..at.min(rest.len())]
    }

    /// File name `index` of the compilation unit at `cu_offset`.
    pub fn file(&self, cu_offset: u32, index: u32) -> Option<&'a str> {
        let offset = u32_at(self.bytes, self.cutab + 4 * (cu_offset as usize + index as usize))?;
        if offset == u32::MAX { None } else { self.text(self.filetab + offset as usize) }
    }

    pub fn function_of(&self, address: u64) -> Option<&GoFunction<'a>> {
        let i = self.functions.partition_point(|f| f.start <= address);
        self.functions[..i].last().filter(|f| address < f.end)
    }
}

/// Steps of a pc-value table: each value with the offset at which it ends (exclusive). Source: `runtime.step`.
pub struct Steps<'a> {
    bytes: &'a [u8],
    at: usize,
    value: i32,
    pc: u32,
}

pub fn steps(bytes: &[u8]) -> Steps<'_> {
    Steps { bytes, at: 0, value: -1, pc: 0 }
}

impl Iterator for Steps<'_> {
    type Item = (i32, u32);

    fn next(&mut self) -> Option<(i32, u32)> {
        let (delta, n) = varint(self.bytes, self.at)?;
        if delta == 0 && self.at != 0 {
            return None;
        }
        self.at += n;
        let signed = if delta & 1 != 0 { !(delta >> 1) as i32 } else { (delta >> 1) as i32 };
        self.value = self.value.wrapping_add(signed);
        let (pc, n) = varint(self.bytes, self.at)?;
        self.at += n;
        self.pc = self.pc.wrapping_add(pc);
        Some((self.value, self.pc))
    }
}

/// The value that holds at `offset` bytes from the function's start.
pub fn value_at(bytes: &[u8], offset: u32) -> Option<i32> {
    steps(bytes).find(|(_, end)| offset < *end).map(|(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_decode_zigzag_values_and_stop_at_the_terminator() {
        // value -1 + 1 = 0 up to 4, then 0 - 3 = -3 up to 10.
        let bytes = [2, 4, 5, 6, 0, 9, 9];
        assert_eq!(steps(&bytes).collect::<Vec<_>>(), [(0, 4), (-3, 10)]);
        assert_eq!(value_at(&bytes, 3), Some(0));
        assert_eq!(value_at(&bytes, 4), Some(-3));
        assert_eq!(value_at(&bytes, 10), None);
    }

    #[test]
    fn a_table_that_lies_about_its_counts_is_refused() {
        let mut bytes = vec![0u8; 128];
        bytes[..8].copy_from_slice(&[0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8]);
        bytes[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(parse(&bytes, 0, 1000).is_none());
        bytes[8..16].copy_from_slice(&100u64.to_le_bytes());
        assert!(parse(&bytes, 0, 1000).is_none());
    }
}
