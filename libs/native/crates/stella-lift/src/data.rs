//! Content of data units: bytes, with every address replaced by what it leads to.

use crate::Hash;
use crate::encoder::{DataName, Encoder, LeafReference, Naming};
use crate::go::types::Field;
use crate::graph::components;
use crate::relocations::Relocation;
use crate::space::{Target, Word, known_word, word_at};
use crate::units::{Class, Unit};

/// Bases of Go's 4-byte offsets.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bases {
    pub types: u64,
    pub text: u64,
    pub rodata: u64,
}

/// What the leaf and the side record of a data unit need.
#[derive(Debug, Clone, Default)]
pub struct DataRecord {
    pub references: Vec<LeafReference>,
    pub imports: Vec<String>,
    pub unnamed: Vec<u32>,
    pub writable: Vec<u64>,
    pub residual: u64,
}

enum Piece<'s> {
    At(Target<'s>),
    Import(&'s str, i64),
    Other(u32, i64),
}

type Pieces<'s> = Vec<(u32, u8, Piece<'s>)>;

fn pieces<'s>(naming: &Naming<'s, '_>, unit: &Unit, bases: &Bases) -> Pieces<'s> {
    let space = &naming.space;
    let mut found = Vec::new();
    let field_targets = unit.fields.iter().flat_map(|f| f.iter());
    for (offset, field) in field_targets {
        let at = unit.start + u64::from(*offset);
        let base = match field {
            Field::Pointer => {
                if let Some(word) = known_word(space.image, space.relocations, at) {
                    found.push((*offset, 8, piece(naming, word)));
                }
                continue;
            }
            Field::NameOffset | Field::TypeOffset => bases.types,
            Field::TextOffset => bases.text,
            Field::RodataOffset => bases.rodata,
        };
        match space.image.u32_at(at) {
            None | Some(0 | u32::MAX) => {}
            Some(o) => found.push((*offset, 4, Piece::At(space.resolve(base + u64::from(o))))),
        }
    }
    if unit.pointers {
        let absolute = space.image.position_dependent();
        let mut at = if absolute { unit.start.next_multiple_of(8) } else { unit.start };
        if !absolute {
            for (address, _) in space.relocations.within(unit.start, unit.end) {
                if let Some(word) = word_at(space.image, space.relocations, *address, false) {
                    found.push(((address - unit.start) as u32, 8, piece(naming, word)));
                }
            }
            at = unit.end;
        }
        while at + 8 <= unit.end {
            if let Some(word) = word_at(space.image, space.relocations, at, true) {
                match piece(naming, word) {
                    // A number that only looks like a place inside of code or of an index: kept as it is.
                    Piece::At(Target::Function(_, 1..)) => {}
                    Piece::At(Target::Unit(u, offset)) if !plain(naming, u, offset) => {}
                    piece => found.push(((at - unit.start) as u32, 8, piece)),
                }
            }
            at += 8;
        }
    }
    found.sort_by_key(|p| p.0);
    found
}

fn plain(naming: &Naming<'_, '_>, u: u32, offset: u32) -> bool {
    match naming.space.units[u as usize].class {
        Class::Data => true,
        Class::Container(_) => offset == 0,
        _ => false,
    }
}

fn piece<'s>(naming: &Naming<'s, '_>, word: Word<'s>) -> Piece<'s> {
    match word {
        Word::Address(to) => Piece::At(naming.space.resolve(to)),
        Word::Import(name, addend) => Piece::Import(name, addend),
        Word::Other(kind, addend) => Piece::Other(kind, addend),
    }
}

/// Computes `naming.content` and each data unit's record (others stay empty).
pub fn contents(naming: &mut Naming<'_, '_>, bases: &Bases) -> Vec<DataRecord> {
    let units = naming.space.units;
    let mut all: Vec<Pieces<'_>> = Vec::with_capacity(units.len());
    let mut edges: Vec<Vec<u32>> = Vec::with_capacity(units.len());
    for unit in units {
        let own = if matches!(unit.class, Class::Data | Class::Residual) { pieces(naming, unit, bases) } else { Vec::new() };
        let nested = own.iter().filter_map(|(_, _, p)| match p {
            Piece::At(Target::Unit(u, _)) if naming.data[*u as usize] == DataName::Content => Some(*u),
            _ => None,
        });
        edges.push(nested.collect());
        all.push(own);
    }
    let (component, _) = components(&edges);
    let mut order: Vec<u32> = (0..units.len() as u32).collect();
    order.sort_by_key(|u| component[*u as usize]);
    let mut records = vec![DataRecord::default(); units.len()];
    let mut encoder = Encoder::default();
    for u in order {
        let unit = &units[u as usize];
        if !matches!(unit.class, Class::Data | Class::Residual) {
            continue;
        }
        encoder.clear();
        let (content, record) = encode(naming, unit, &all[u as usize], |v| component[v as usize] == component[u as usize], &mut encoder);
        naming.content[u as usize] = content;
        records[u as usize] = record;
    }
    records
}

/// The loader overwrites a relocated word: what the file holds there is nothing, the same address, or kept.
fn covered_word(naming: &Naming<'_, '_>, at: u64, word: &[u8], encoder: &mut Encoder) {
    let Some(relocation) = naming.space.relocations.at(at) else { return };
    let same = matches!(relocation, Relocation::Relative(to) if to.to_le_bytes() == *word);
    if !same && word.iter().any(|b| *b != 0) {
        encoder.out.push(b'!');
        encoder.out.extend_from_slice(word);
        encoder.residual += 1;
    }
}

fn encode(naming: &Naming<'_, '_>, unit: &Unit, pieces: &Pieces<'_>, inner: impl Fn(u32) -> bool, encoder: &mut Encoder) -> (Hash, DataRecord) {
    let Some(bytes) = naming.space.image.slice(unit.start, unit.end) else {
        // Zero-filled memory with a symbol: its size is its content.
        let hash = blake3::hash(format!("zero {}", unit.end - unit.start).as_bytes());
        return (*hash.as_bytes(), DataRecord::default());
    };
    if pieces.is_empty() {
        return (*blake3::hash(bytes).as_bytes(), DataRecord { residual: u64::from(unit.class == Class::Residual), ..Default::default() });
    }
    let mut at = 0usize;
    let raw = |encoder: &mut Encoder, from: usize, to: usize| {
        encoder.out.push(b'R');
        encoder.out.extend_from_slice(&((to - from) as u32).to_le_bytes());
        encoder.out.extend_from_slice(&bytes[from..to]);
    };
    for (offset, size, piece) in pieces {
        let (from, to) = (*offset as usize, *offset as usize + *size as usize);
        if from < at || to > bytes.len() {
            continue;
        }
        raw(encoder, at, from);
        at = to;
        encoder.out.push(b'0' + size);
        covered_word(naming, unit.start + u64::from(*offset), &bytes[from..to], encoder);
        match piece {
            Piece::At(target) => encoder.target(naming, *target, &inner, false),
            Piece::Import(name, addend) => {
                encoder.target(naming, Target::Import(name), &inner, false);
                encoder.out.extend_from_slice(&addend.to_le_bytes());
            }
            Piece::Other(kind, addend) => {
                encoder.out.push(b'O');
                encoder.out.extend_from_slice(&kind.to_le_bytes());
                // IRELATIVE's addend is the resolver's address.
                match (*kind == 37).then(|| naming.space.resolve(*addend as u64)) {
                    Some(target) => encoder.target(naming, target, &inner, false),
                    None => encoder.out.extend_from_slice(&addend.to_le_bytes()),
                }
            }
        }
    }
    raw(encoder, at, bytes.len());
    encoder.tidy();
    let record = DataRecord {
        references: std::mem::take(&mut encoder.references),
        imports: std::mem::take(&mut encoder.imports),
        unnamed: std::mem::take(&mut encoder.unnamed),
        writable: std::mem::take(&mut encoder.writable),
        residual: encoder.residual + u64::from(unit.class == Class::Residual),
    };
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"words").update(&encoder.out);
    (*hasher.finalize().as_bytes(), record)
}
