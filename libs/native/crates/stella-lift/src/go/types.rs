//! Go run-time type descriptors: where each lies, how long it is, and which of its fields are offsets.
//!
//! Source: `internal/abi/type.go`, `reflect/type.go`, `cmd/compile/internal/reflectdata`.

use super::varint;
use crate::image::Image;

/// What a field of a descriptor holds instead of plain bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// A 4-byte offset of a name from the start of the types.
    NameOffset,
    /// A 4-byte offset of a type.
    TypeOffset,
    /// A 4-byte offset of a function from the start of the text.
    TextOffset,
    /// A 4-byte offset from the start of the read-only data.
    RodataOffset,
    /// An 8-byte address.
    Pointer,
}

#[derive(Debug, Clone)]
pub struct GoType {
    pub end: u64,
    pub name: String,
    pub hash: u32,
    /// Length of the pointer mask at `gcdata`; 0 when it is a program or absent.
    pub mask_bytes: u64,
    /// Offset inside the descriptor and meaning, ascending.
    pub fields: Vec<(u32, Field)>,
}

pub struct TypeSpace<'i, 'a> {
    pub image: &'i Image<'a>,
    pub start: u64,
    pub end: u64,
}

const KIND_MASK: u8 = 31;
const KIND_GC_PROGRAM: u8 = 64;
const TFLAG_UNCOMMON: u8 = 1;
const TFLAG_EXTRA_STAR: u8 = 2;

impl TypeSpace<'_, '_> {
    /// A name record's end and text: flag byte, varint length, text, then an optional tag and package path.
    pub fn name(&self, address: u64) -> Option<(u64, &str)> {
        if address < self.start || address >= self.end {
            return None;
        }
        let bytes = self.image.tail(address)?;
        let flags = *bytes.first()?;
        let (length, n) = varint(bytes, 1)?;
        let mut end = 1 + n + length as usize;
        let text = std::str::from_utf8(bytes.get(1 + n..end)?).ok()?;
        if flags & 2 != 0 {
            let (tag, n) = varint(bytes, end)?;
            end += n + tag as usize;
        }
        if flags & 4 != 0 {
            end += 4;
        }
        (flags < 16 && end <= bytes.len()).then_some((address + end as u64, text))
    }

    /// Whether the name record carries a package path offset in its last four bytes.
    pub fn name_has_package(&self, address: u64) -> bool {
        self.image.slice(address, address + 1).is_some_and(|b| b[0] & 4 != 0)
    }

    /// Reads the descriptor at `address`; `None` when the bytes there are not one.
    pub fn read(&self, address: u64) -> Option<GoType> {
        if address & 7 != 0 || address < self.start || address + 48 > self.end {
            return None;
        }
        let bytes = self.image.slice(address, self.end)?;
        let tflag = bytes[20];
        let kind = bytes[23] & KIND_MASK;
        let (size, pointer_bytes) = (super::u64_at(bytes, 0)?, super::u64_at(bytes, 8)?);
        let (align, field_align) = (bytes[21], bytes[22]);
        let aligned = align.is_power_of_two() && align <= 64 && field_align.is_power_of_two() && field_align <= 64;
        // The equality function, if any, is reached through a word that holds its address.
        let equal = super::u64_at(bytes, 24)?;
        let reached = equal == 0 || !self.image.position_dependent() || self.image.u64_at(equal).is_some_and(|f| self.image.mapped(f));
        if !reached || pointer_bytes > size || pointer_bytes % 8 != 0 || !aligned || tflag > 31 {
            return None;
        }
        let offset = u64::from(super::u32_at(bytes, 40)?);
        let (_, text) = self.name(self.start + offset).filter(|(_, t)| !t.is_empty() && t.chars().all(|c| !c.is_control()))?;
        let name = if tflag & TFLAG_EXTRA_STAR != 0 { text.strip_prefix('*')? } else { text };
        let count = |at: usize| super::u64_at(bytes, at).filter(|n| *n < 1 << 16).map(|n| n as usize);
        let mut fields = vec![(24, Field::Pointer), (32, Field::Pointer), (40, Field::NameOffset), (44, Field::TypeOffset)];
        // Descriptor without its tail, then arrays that follow the uncommon part.
        let (body, mut arrays): (usize, Vec<(usize, usize)>) = match kind {
            1..=16 | 24 | 26 => (48, vec![]),
            17 => (72, vec![]),
            18 => (64, vec![]),
            19 => {
                let inputs = u16::from_le_bytes([bytes[48], bytes[49]]) as usize;
                let outputs = (u16::from_le_bytes([bytes[50], bytes[51]]) & 0x7fff) as usize;
                (56, vec![(inputs + outputs, 8)])
            }
            20 => (80, vec![(count(64)?, 12)]),
            21 => (self.map_size(bytes), vec![]),
            22 | 23 => (56, vec![]),
            25 => (80, vec![(count(64)?, 24)]),
            _ => return None,
        };
        let pointers: &[u32] = match kind {
            17 => &[48, 56],
            18 | 22 | 23 => &[48],
            20 | 25 => &[48, 56],
            21 => &[48, 56, 64, 72],
            _ => &[],
        };
        fields.extend(pointers.iter().map(|p| (*p, Field::Pointer)));
        let mut end = body;
        let mut methods = None;
        if tflag & TFLAG_UNCOMMON != 0 {
            fields.push((end as u32, Field::NameOffset));
            let mcount = u16::from_le_bytes(bytes.get(end + 4..end + 6)?.try_into().ok()?) as usize;
            let moff = super::u32_at(bytes, end + 8)? as usize;
            methods = Some((end + moff, mcount));
            end += 16;
        }
        for (n, size) in arrays.drain(..) {
            for k in 0..n {
                let at = (end + k * size) as u32;
                match size {
                    8 => fields.push((at, Field::Pointer)),
                    12 => {}
                    _ => fields.extend([(at, Field::Pointer), (at + 8, Field::Pointer)]),
                }
            }
            if size == 12 {
                // Interface methods: name and type offsets, 8 bytes each.
                for k in 0..n {
                    let at = (end + 8 * k) as u32;
                    fields.extend([(at, Field::NameOffset), (at + 4, Field::TypeOffset)]);
                }
                end += 8 * n;
            } else {
                end += n * size;
            }
        }
        if let Some((at, n)) = methods {
            for k in 0..n {
                let at = (at + 16 * k) as u32;
                let kinds = [Field::NameOffset, Field::TypeOffset, Field::TextOffset, Field::TextOffset];
                fields.extend(kinds.iter().zip(0..).map(|(f, i)| (at + 4 * i, *f)));
            }
            end = end.max(at + 16 * n);
        }
        if end > bytes.len() {
            return None;
        }
        fields.sort_by_key(|f| f.0);
        let program = bytes[23] & KIND_GC_PROGRAM != 0;
        let mask_bytes = if program { 0 } else { (pointer_bytes / 8).div_ceil(8) };
        Some(GoType { end: address + end as u64, mask_bytes, name: name.to_string(), hash: super::u32_at(bytes, 16)?, fields })
    }

    /// Map descriptors: key, element, bucket, hasher, then sizes (classic, 88 bytes) or group layout (Swiss, 104 bytes).
    fn map_size(&self, bytes: &[u8]) -> usize {
        let classic = super::u64_at(bytes, 80).is_some_and(|w| (w as u8) < 129 && (w >> 8) as u8 <= 128 && w >> 32 < 64);
        if classic { 88 } else { 104 }
    }
}
