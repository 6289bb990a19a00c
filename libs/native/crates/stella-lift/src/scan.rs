//! First pass over the code: which addresses it refers to, and how much of each it touches.

use crate::functions::Function;
use crate::image::Image;
use iced_x86::{Code, Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};

/// How code touches an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touch {
    /// The address is taken: nothing bounds what is read behind it.
    Taken,
    /// This many bytes are read or written.
    Sized(u16),
    /// Control goes there.
    Control,
}

#[derive(Debug, Clone, Copy)]
pub struct Reference {
    pub target: u64,
    pub function: u32,
    pub touch: Touch,
}

#[derive(Debug, Default)]
pub struct Scan {
    /// Ascending by target.
    pub references: Vec<Reference>,
    /// Per function: jumps through a register or a table.
    pub indirect_jump: Vec<bool>,
}

/// Whether absolute 32-bit displacements and immediates may be addresses (position-dependent code without Go's rule
/// that addresses are always relative).
#[derive(Debug, Clone, Copy)]
pub struct AddressRule {
    pub absolute: bool,
    pub low: u64,
    pub high: u64,
}

impl AddressRule {
    pub fn of(image: &Image<'_>, go: bool) -> Self {
        let low = image.segments.first().map_or(0, |s| s.start).max(0x1_0000);
        let high = image.segments.last().map_or(0, |s| s.end);
        Self { absolute: image.position_dependent() && !go, low, high }
    }

    pub fn is_address(&self, value: u64) -> bool {
        self.absolute && value >= self.low && value < self.high
    }
}

/// The address of a memory operand that names one: relative to the instruction, or absolute where the rule allows.
pub fn memory_address(instruction: &Instruction, rule: &AddressRule) -> Option<u64> {
    if instruction.is_ip_rel_memory_operand() {
        return Some(instruction.ip_rel_memory_address());
    }
    let segment = instruction.segment_prefix();
    let displacement = instruction.memory_displacement64();
    (rule.absolute && segment != Register::FS && segment != Register::GS && rule.is_address(displacement)).then_some(displacement)
}

/// The immediate operand that is an address, if the rule allows any.
pub fn immediate_address(instruction: &Instruction, operand: u32, rule: &AddressRule) -> Option<u64> {
    if !rule.absolute || !matches!(instruction.mnemonic(), Mnemonic::Mov | Mnemonic::Push | Mnemonic::Cmp) {
        return None;
    }
    match instruction.op_kind(operand) {
        OpKind::Immediate32 | OpKind::Immediate32to64 | OpKind::Immediate64 => {
            Some(instruction.immediate(operand)).filter(|v| rule.is_address(*v))
        }
        _ => None,
    }
}

fn scan_function(image: &Image<'_>, rule: &AddressRule, index: u32, f: &Function, out: &mut Vec<Reference>) -> bool {
    let Some(bytes) = image.slice(f.start, f.end) else { return false };
    let mut decoder = Decoder::with_ip(64, bytes, f.start, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    let mut indirect = false;
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        if instruction.code() == Code::INVALID {
            continue;
        }
        indirect |= instruction.is_jmp_near_indirect();
        for operand in 0..instruction.op_count() {
            let (target, touch) = match instruction.op_kind(operand) {
                OpKind::NearBranch64 => (instruction.near_branch_target(), Touch::Control),
                OpKind::Memory => {
                    let Some(target) = memory_address(&instruction, rule) else { continue };
                    let indexed = instruction.memory_index() != Register::None
                        || (instruction.memory_base() != Register::None && !instruction.is_ip_rel_memory_operand());
                    let size = instruction.memory_size().size();
                    let bounded = size > 0 && !indexed && instruction.mnemonic() != Mnemonic::Lea;
                    (target, if bounded { Touch::Sized(size as u16) } else { Touch::Taken })
                }
                _ => match immediate_address(&instruction, operand, rule) {
                    Some(target) => (target, Touch::Taken),
                    None => continue,
                },
            };
            if target < f.start || target >= f.end {
                out.push(Reference { target, function: index, touch });
            }
        }
    }
    indirect
}

/// Ranges of function indexes with about equal code, one for each thread.
pub fn shares(functions: &[Function], threads: usize) -> Vec<std::ops::Range<usize>> {
    let total: u64 = functions.iter().map(|f| f.end - f.start).sum();
    let mut ranges = Vec::new();
    let (mut from, mut sum) = (0, 0);
    for (i, f) in functions.iter().enumerate() {
        sum += f.end - f.start;
        if sum * threads as u64 >= total * (ranges.len() as u64 + 1) {
            ranges.push(from..i + 1);
            from = i + 1;
        }
    }
    if from < functions.len() {
        ranges.push(from..functions.len());
    }
    ranges
}

pub fn scan(image: &Image<'_>, rule: &AddressRule, functions: &[Function], threads: usize) -> Scan {
    let parts: Vec<(Vec<Reference>, Vec<bool>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = shares(functions, threads)
            .into_iter()
            .map(|range| {
                scope.spawn(move || {
                    let mut found = Vec::new();
                    let jumps = range.map(|i| scan_function(image, rule, i as u32, &functions[i], &mut found)).collect();
                    (found, jumps)
                })
            })
            .collect();
        workers.into_iter().map(|w| w.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut result = Scan::default();
    for (found, jumps) in parts {
        result.references.extend(found);
        result.indirect_jump.extend(jumps);
    }
    result.references.sort_unstable_by_key(|r| (r.target, r.function));
    result
}
