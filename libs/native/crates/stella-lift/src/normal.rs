//! Second pass over the code: the normal form of each function.

use crate::Hash;
use crate::eh_frame::Unwind;
use crate::encoder::{Encoder, LeafReference, Naming, kept};
use crate::functions::Function;
use crate::go::pclntab::steps;
use crate::go::regions::{FUNCDATA_INLINE_TREE, GoTables, PCDATA_INLINE_TREE};
use crate::minhash::{BINS, MinHash};
use crate::scan::{AddressRule, immediate_address, memory_address, shares};
use crate::space::Target;
use crate::tables::JumpTables;
use crate::units::Class;
use iced_x86::{Code, Decoder, DecoderOptions, Instruction, OpKind, Register};

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
    pub raw: Hash,
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
        let mut normal = Normal { raw: *blake3::hash(bytes).as_bytes(), ..Default::default() };
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
            self.table(f, table, scratch);
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

    fn decode(&self, bytes: &[u8], f: &Function, scratch: &mut Scratch, normal: &mut Normal) {
        scratch.instructions.clear();
        scratch.ordinals.clear();
        scratch.ordinals.resize(bytes.len() + 1, 0);
        let mut decoder = Decoder::with_ip(64, bytes, f.start, DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        let mut count = 0;
        while decoder.can_decode() {
            let at = decoder.position();
            decoder.decode_out(&mut instruction);
            if instruction.code() == Code::INVALID {
                normal.undecoded += instruction.len().max(1) as u32;
            }
            scratch.ordinals[at] = count;
            // Into the middle of an instruction: no ordinal of its own.
            scratch.ordinals[at + 1..decoder.position()].fill(count | 1 << 31);
            let length = instruction.len() as u32;
            let branch = instruction.op_count() == 1 && instruction.op0_kind() == OpKind::NearBranch64 && !instruction.is_call_near();
            normal.slack_bytes += if !kept(&instruction) { length } else if branch { length.saturating_sub(2) } else { 0 };
            if kept(&instruction) {
                scratch.instructions.push(instruction);
                count += 1;
            }
        }
        scratch.ordinals[bytes.len()] = count;
        normal.instructions = count;
    }

    fn instruction(&self, index: usize, f: &Function, instruction: &Instruction, bytes: &[u8], scratch: &mut Scratch) {
        let code = instruction.code();
        if code == Code::INVALID {
            let at = (instruction.ip() - f.start) as usize;
            let raw = bytes.get(at..at + instruction.len().max(1)).unwrap_or(&[]);
            scratch.encoder.out.push(0xff);
            scratch.encoder.out.extend_from_slice(raw);
            return;
        }
        let branch = instruction.op_count() == 1 && instruction.op0_kind() == OpKind::NearBranch64;
        // Short and near encodings of one branch are one token.
        let token = if branch { 0x8000 | instruction.mnemonic() as u16 } else { code as u16 };
        let prefixes = u8::from(instruction.has_lock_prefix())
            | u8::from(instruction.has_rep_prefix()) << 1
            | u8::from(instruction.has_repne_prefix()) << 2
            | u8::from(instruction.zeroing_masking()) << 3
            | u8::from(instruction.is_broadcast()) << 4
            | u8::from(instruction.suppress_all_exceptions()) << 5;
        let out = &mut scratch.encoder.out;
        out.extend_from_slice(&token.to_le_bytes());
        out.push(prefixes);
        if instruction.has_op_mask() || instruction.rounding_control() as u8 != 0 {
            out.extend_from_slice(&[0xfe, instruction.op_mask() as u8, instruction.rounding_control() as u8]);
        }
        for operand in 0..instruction.op_count() {
            let kind = instruction.op_kind(operand);
            let out = &mut scratch.encoder.out;
            match kind {
                OpKind::Register => out.extend_from_slice(&[b'r', instruction.op_register(operand) as u8]),
                OpKind::NearBranch64 | OpKind::NearBranch32 | OpKind::NearBranch16 => {
                    let target = instruction.near_branch_target();
                    if target >= f.start && target < f.end {
                        let ordinal = scratch.ordinals[(target - f.start) as usize];
                        out.push(b'j');
                        out.extend_from_slice(&ordinal.to_le_bytes());
                    } else {
                        self.reference(index, f, target, scratch);
                    }
                }
                OpKind::Memory => {
                    let relative = instruction.is_ip_rel_memory_operand();
                    let base = if relative { Register::None } else { instruction.memory_base() };
                    let scale = instruction.memory_index_scale() as u8;
                    out.extend_from_slice(&[b'm', instruction.segment_prefix() as u8, base as u8, instruction.memory_index() as u8, scale]);
                    match memory_address(instruction, &self.rule) {
                        Some(target) => self.reference(index, f, target, scratch),
                        None => out.extend_from_slice(&instruction.memory_displacement64().to_le_bytes()),
                    }
                }
                OpKind::FarBranch16 | OpKind::FarBranch32 => {
                    out.push(b'f');
                    out.extend_from_slice(&instruction.far_branch32().to_le_bytes());
                    out.extend_from_slice(&instruction.far_branch_selector().to_le_bytes());
                }
                OpKind::MemorySegSI
                | OpKind::MemorySegESI
                | OpKind::MemorySegRSI
                | OpKind::MemorySegDI
                | OpKind::MemorySegEDI
                | OpKind::MemorySegRDI
                | OpKind::MemoryESDI
                | OpKind::MemoryESEDI
                | OpKind::MemoryESRDI => out.extend_from_slice(&[b's', kind as u8, instruction.segment_prefix() as u8]),
                _ => match immediate_address(instruction, operand, &self.rule) {
                    // Nothing says whether the number is an address; inside of code or of an index it is none.
                    Some(target) if self.plausible(target) => {
                        out.push(b'a');
                        scratch.encoder.residual += 1;
                        self.reference(index, f, target, scratch);
                    }
                    _ => {
                        out.push(b'i');
                        out.extend_from_slice(&instruction.immediate(operand).to_le_bytes());
                    }
                },
            }
        }
    }

    fn plausible(&self, target: u64) -> bool {
        match self.naming.space.resolve(target) {
            Target::Function(_, offset) => offset == 0,
            Target::Unit(u, _) => self.naming.space.units[u as usize].class == Class::Data,
            Target::Import(_) | Target::Unnamed(_) => true,
            Target::Outside(_) => false,
        }
    }

    fn reference(&self, index: usize, f: &Function, address: u64, scratch: &mut Scratch) {
        if address >= f.start && address < f.end {
            let ordinal = scratch.ordinals[(address - f.start) as usize];
            scratch.encoder.out.push(b'j');
            scratch.encoder.out.extend_from_slice(&ordinal.to_le_bytes());
            return;
        }
        let target = self.naming.space.resolve(address);
        if let Target::Unit(u, offset) = target {
            let unit = &self.naming.space.units[u as usize];
            if unit.class == Class::Table(index as u32) {
                let k = scratch.tables.iter().position(|t| *t == unit.start).unwrap_or_else(|| {
                    scratch.tables.push(unit.start);
                    scratch.tables.len() - 1
                });
                scratch.encoder.out.extend_from_slice(&[b't', k as u8]);
                scratch.encoder.out.extend_from_slice(&offset.to_le_bytes());
                return;
            }
        }
        scratch.encoder.target(self.naming, target, |_| false, true);
    }

    fn table(&self, f: &Function, start: u64, scratch: &mut Scratch) {
        scratch.encoder.out.push(b'J');
        for target in self.tables.targets(self.naming.space.image, self.naming.space.relocations, start) {
            if target >= f.start && target < f.end {
                let ordinal = scratch.ordinals[(target - f.start) as usize];
                scratch.encoder.out.extend_from_slice(&ordinal.to_le_bytes());
            } else {
                scratch.encoder.target(self.naming, self.naming.space.resolve(target), |_| false, true);
            }
        }
    }

    fn ordinal(scratch: &Scratch, offset: u32) -> u32 {
        scratch.ordinals.get(offset as usize).or(scratch.ordinals.last()).copied().unwrap_or(0)
    }

    fn go_tables(&self, f: &Function, scratch: &mut Scratch) {
        let (Some(go), Some(index)) = (self.go, f.go) else { return };
        let Some(record) = go.pclntab.functions.get(index) else { return };
        let deferred = if record.defer_return == 0 { 0 } else { Self::ordinal(scratch, record.defer_return) + 1 };
        let out = &mut scratch.encoder.out;
        out.push(b'g');
        out.extend_from_slice(&record.args.to_le_bytes());
        out.extend_from_slice(&deferred.to_le_bytes());
        out.extend_from_slice(&[record.func_id, record.flag]);
        let tables = std::iter::once((u32::MAX, record.pcsp))
            .chain(record.pcdata.iter().enumerate().map(|(k, o)| (k as u32, *o)))
            .filter(|(k, _)| *k != PCDATA_INLINE_TREE as u32);
        for (k, offset) in tables {
            scratch.encoder.out.extend_from_slice(&k.to_le_bytes());
            let mut last = 0;
            for (value, end) in steps(go.pclntab.table(offset)) {
                let ordinal = Self::ordinal(scratch, end) & !(1 << 31);
                if ordinal > last {
                    scratch.encoder.out.extend_from_slice(&value.to_le_bytes());
                    scratch.encoder.out.extend_from_slice(&ordinal.to_le_bytes());
                    last = ordinal;
                }
            }
        }
        for (k, offset) in record.funcdata.iter().enumerate().filter(|(k, _)| *k != FUNCDATA_INLINE_TREE) {
            scratch.encoder.out.push(k as u8);
            if let Some(offset) = offset {
                let target = self.naming.space.resolve(go.funcdata_address(*offset));
                scratch.encoder.target(self.naming, target, |_| false, true);
            }
        }
    }

    fn unwind(&self, f: &Function, scratch: &mut Scratch) {
        let Some(entry) = f.unwind.and_then(|i| self.unwind.entries.get(i)) else { return };
        scratch.encoder.out.push(b'u');
        scratch.encoder.out.extend_from_slice(&entry.common);
        for (offset, rule) in &entry.program {
            let ordinal = Self::ordinal(scratch, *offset);
            scratch.encoder.out.extend_from_slice(&ordinal.to_le_bytes());
            scratch.encoder.out.extend_from_slice(rule.as_bytes());
        }
        if let Some(address) = entry.exception_table {
            let target = self.naming.space.resolve(address);
            scratch.encoder.target(self.naming, target, |_| false, true);
        }
    }
}
