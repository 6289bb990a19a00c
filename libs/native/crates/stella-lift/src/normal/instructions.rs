//! Instructions as tokens: what they do, not how they are encoded.

use super::{Context, Normal, Scratch};
use crate::encoder::kept;
use crate::functions::Function;
use crate::scan::{immediate_address, memory_address};
use iced_x86::{Code, Decoder, DecoderOptions, Instruction, OpKind, Register};

impl Context<'_, '_, '_> {
    pub(super) fn decode(&self, bytes: &[u8], f: &Function, scratch: &mut Scratch, normal: &mut Normal) {
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

    pub(super) fn instruction(&self, index: usize, f: &Function, instruction: &Instruction, bytes: &[u8], scratch: &mut Scratch) {
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
            self.operand(index, f, instruction, operand, scratch);
        }
    }

    fn operand(&self, index: usize, f: &Function, instruction: &Instruction, operand: u32, scratch: &mut Scratch) {
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
