//! Second pass over the code: the normal form of each function.

mod instructions;
mod references;
mod tables;

use crate::Hash;
use crate::eh_frame::Unwind;
use crate::encoder::{Encoder, LeafReference, Naming};
use crate::functions::Function;
use crate::go::regions::GoTables;
use crate::minhash::{BINS, MinHash};
use crate::scan::{AddressRule, shares};
use crate::tables::JumpTables;
use iced_x86::Instruction;

/// The normal form's identity and what it refers to.
#[derive(Debug, Clone, Default)]
pub struct Normal {
    /// E1 with references into groups of one name still open.
    pub open: Hash,
    /// The same without what references lead to: equal when only references changed.
    pub shape: Hash,
    /// The same without what variables hold at first: equal when the code is the same and leads to the same things, if
    /// the places in `writable` correspond. `None` where no place is referred to.
    pub code: Option<Hash>,
    pub references: Vec<LeafReference>,
    pub imports: Vec<String>,
    pub calls: Vec<u32>,
    pub unnamed: Vec<u32>,
    pub groups: Vec<u32>,
    pub writable: Vec<u64>,
    pub residual: u64,
    pub undecoded: u32,
    pub instructions: u32,
    /// Bytes that say nothing: dropped instructions, and what a near branch takes more than a short one.
    pub slack_bytes: u32,
    pub signature: Option<[u32; BINS]>,
}

pub struct Context<'c, 's, 'a> {
    pub naming: &'c Naming<'s, 'a>,
    pub rule: AddressRule,
    pub go: Option<&'c GoTables<'a>>,
    pub unwind: &'c Unwind,
    pub tables: &'c JumpTables,
}

#[derive(Default)]
struct Scratch {
    instructions: Vec<Instruction>,
    /// Ordinal of the first kept instruction at or after each offset.
    ordinals: Vec<u32>,
    encoder: Encoder,
    shape: Vec<u8>,
    tables: Vec<u64>,
}

impl Scratch {
    /// Ordinal of the instruction at an offset, or after the last one.
    fn ordinal(&self, offset: u32) -> u32 {
        self.ordinals.get(offset as usize).or(self.ordinals.last()).copied().unwrap_or(0)
    }
}

/// The normal form with a place's ordinal instead of what it holds.
fn code_form(encoder: &Encoder, buffer: &mut Vec<u8>) -> Hash {
    buffer.clear();
    let mut at = 0;
    for (from, to, place) in &encoder.references_at {
        let Some(place) = place else { continue };
        buffer.extend_from_slice(&encoder.out[at..*from as usize]);
        buffer.push(b'V');
        buffer.extend_from_slice(&place.to_le_bytes());
        at = *to as usize;
    }
    buffer.extend_from_slice(&encoder.out[at..]);
    *blake3::hash(buffer).as_bytes()
}

pub fn normal_forms(context: &Context<'_, '_, '_>, threads: usize) -> Vec<Normal> {
    let functions = context.naming.space.functions;
    std::thread::scope(|scope| {
        let workers: Vec<_> = shares(functions, threads)
            .into_iter()
            .map(|range| {
                scope.spawn(move || {
                    let mut scratch = Scratch::default();
                    range.map(|i| context.normal_form(i, &functions[i], &mut scratch)).collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|w| w.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

impl Context<'_, '_, '_> {
    fn normal_form(&self, index: usize, f: &Function, scratch: &mut Scratch) -> Normal {
        let bytes = self.naming.space.image.slice(f.start, f.end).unwrap_or(&[]);
        let mut normal = Normal::default();
        scratch.encoder.clear();
        scratch.tables.clear();
        self.decode(bytes, f, scratch, &mut normal);
        let mut signature = MinHash::default();
        let instructions = std::mem::take(&mut scratch.instructions);
        for instruction in &instructions {
            signature.push(instruction.code() as u16);
            self.instruction(index, f, instruction, bytes, scratch);
        }
        scratch.instructions = instructions;
        normal.signature = signature.signature();
        for table in std::mem::take(&mut scratch.tables) {
            self.jump_table(f, table, scratch);
        }
        self.go_tables(f, scratch);
        self.unwind(f, scratch);
        let encoder = &mut scratch.encoder;
        normal.open = *blake3::hash(&encoder.out).as_bytes();
        scratch.shape.clear();
        let mut at = 0;
        for (from, to, _) in &encoder.references_at {
            scratch.shape.extend_from_slice(&encoder.out[at..*from as usize]);
            at = *to as usize;
        }
        scratch.shape.extend_from_slice(&encoder.out[at..]);
        normal.shape = *blake3::hash(&scratch.shape).as_bytes();
        normal.code = (!encoder.writable.is_empty()).then(|| code_form(encoder, &mut scratch.shape));
        encoder.tidy();
        normal.references = encoder.references.clone();
        normal.imports = std::mem::take(&mut encoder.imports);
        normal.calls = encoder.calls.clone();
        normal.unnamed = encoder.unnamed.clone();
        normal.groups = encoder.groups.clone();
        normal.writable = encoder.writable.clone();
        normal.residual = encoder.residual + u64::from(normal.undecoded);
        normal
    }
}
