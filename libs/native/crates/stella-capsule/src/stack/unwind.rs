//! Walks one stack: by call frame information (DWARF 5, section 6.4, in `.eh_frame`), else by frame pointers, else by
//! looking for what could be a return address; each frame says by which.

use super::hex;
use super::maps::AddressSpace;
use super::registers::{FP, FrameRegisters, PC, SP};
use crate::limits::STACK_FRAMES_MAX;
use crate::outcome::{Frame, Trust};
use crate::process;
use gimli::{
    BaseAddresses, CfaRule, EhFrame, EhFrameHdr, Encoding, EvaluationResult, Format, LittleEndian, Location, Register,
    RegisterRule, UnwindContext, UnwindExpression, UnwindSection, Value,
};
use libc::{pid_t, user_regs_struct};

/// How far above the stack pointer a return address is looked for, in words.
const SCAN_WORDS: u64 = 256;
/// An expression of a compiler has a handful of operations.
const EXPRESSION_STEPS_MAX: u32 = 1000;

type Reader<'a> = gimli::EndianSlice<'a, LittleEndian>;

pub struct Unwinder {
    space: AddressSpace,
    tgid: pid_t,
}

/// A caller, and whether its frame was made by the kernel for a signal.
struct Caller {
    registers: FrameRegisters,
    trust: Trust,
    interrupted: bool,
}

impl Unwinder {
    pub fn new(space: AddressSpace, tgid: pid_t) -> Self {
        Self { space, tgid }
    }

    /// Frames from the innermost out, and why there are no more.
    pub fn walk(&mut self, regs: &user_regs_struct) -> (Vec<Frame>, &'static str) {
        let mut registers = FrameRegisters::of(regs);
        let mut frames = vec![self.frame(regs.rip, regs.rip, Trust::Context)];
        let mut exact = true;
        while frames.len() < STACK_FRAMES_MAX {
            let (Some(pc), Some(sp)) = (registers.get(PC), registers.get(SP)) else { return (frames, "no registers") };
            // A return address may lie behind the last instruction of the function that called.
            let within = if exact { pc } else { pc.wrapping_sub(1) };
            let caller = match self.by_cfi(&registers, within) {
                Cfi::Caller(caller) => *caller,
                Cfi::Outermost => return (frames, "outermost frame"),
                Cfi::Absent => match self.by_frame_pointer(&registers).or_else(|| self.by_scan(&registers)) {
                    Some(caller) => caller,
                    None => return (frames, "no caller found"),
                },
            };
            let (Some(next_pc), Some(next_sp)) = (caller.registers.get(PC), caller.registers.get(SP)) else {
                return (frames, "outermost frame");
            };
            if next_pc == 0 {
                return (frames, "outermost frame");
            }
            if next_sp <= sp && !caller.interrupted {
                return (frames, "the stack does not go on upwards");
            }
            exact = caller.interrupted;
            let within = if exact { next_pc } else { next_pc - 1 };
            frames.push(self.frame(next_pc, within, caller.trust));
            registers = caller.registers;
        }
        (frames, "frame limit")
    }

    fn frame(&self, pc: u64, within: u64, trust: Trust) -> Frame {
        let mapping = self.space.at(within);
        let file = mapping.and_then(|mapping| mapping.file);
        let bias = mapping.and_then(|mapping| self.space.bias(mapping));
        let image = file.and_then(|file| self.space.image(file));
        let base_name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_string();
        Frame {
            pc: hex(pc),
            module: file.map(|file| base_name(self.space.path(file))),
            module_offset: bias.map(|bias| hex(pc.wrapping_sub(bias))),
            gnu_build_id: image.and_then(|image| image.build_id.clone()),
            symbol: bias.and_then(|bias| image?.symbol(within.wrapping_sub(bias))).map(str::to_string),
            trust,
        }
    }

    fn by_cfi(&self, registers: &FrameRegisters, within: u64) -> Cfi {
        self.try_cfi(registers, within).unwrap_or(Cfi::Absent)
    }

    fn try_cfi(&self, registers: &FrameRegisters, within: u64) -> Option<Cfi> {
        let mapping = self.space.at(within)?;
        let bias = self.space.bias(mapping)?;
        let image = self.space.image(mapping.file?)?;
        let section = image.eh_frame.as_ref()?;
        let eh_frame = EhFrame::new(&section.bytes, LittleEndian);
        let mut bases = BaseAddresses::default().set_eh_frame(section.address).set_text(image.text_address);
        let mut context = UnwindContext::new();
        let vaddr = within.wrapping_sub(bias);
        let table = image.eh_frame_hdr.as_ref().and_then(|hdr| {
            bases = bases.clone().set_eh_frame_hdr(hdr.address);
            EhFrameHdr::new(&hdr.bytes, LittleEndian).parse(&bases, 8).ok()
        });
        let fde = match table.as_ref().and_then(|hdr| hdr.table()) {
            Some(table) => table.fde_for_address(&eh_frame, &bases, vaddr, EhFrame::cie_from_offset),
            None => eh_frame.fde_for_address(&bases, vaddr, EhFrame::cie_from_offset),
        }
        .ok()?;
        let row = fde.unwind_info_for_address(&eh_frame, &bases, &mut context, vaddr).ok()?;
        let encoding = fde.cie().encoding();
        let run = |expression: &UnwindExpression<usize>, initial| {
            self.evaluate(expression, &eh_frame, encoding, registers, initial)
        };
        let cfa = match row.cfa() {
            CfaRule::RegisterAndOffset { register, offset } => {
                registers.get(register.0.into())?.wrapping_add_signed(*offset)
            }
            CfaRule::Expression(expression) => run(expression, None)?,
        };
        let mut caller = registers.preserved();
        caller.set(SP, Some(cfa));
        for (register, rule) in row.registers() {
            let value = match rule {
                RegisterRule::Offset(offset) => self.word(cfa.wrapping_add_signed(*offset)),
                RegisterRule::ValOffset(offset) => Some(cfa.wrapping_add_signed(*offset)),
                RegisterRule::Register(other) => registers.get(other.0.into()),
                RegisterRule::Expression(expression) => run(expression, Some(cfa)).and_then(|at| self.word(at)),
                RegisterRule::ValExpression(expression) => run(expression, Some(cfa)),
                RegisterRule::SameValue => registers.get(register.0.into()),
                _ => None,
            };
            caller.set(register.0.into(), value);
        }
        if matches!(row.register(Register(PC as u16)), Some(RegisterRule::Undefined)) {
            return Some(Cfi::Outermost);
        }
        caller.get(PC)?;
        let interrupted = fde.is_signal_trampoline();
        Some(Cfi::Caller(Box::new(Caller { registers: caller, trust: Trust::Cfi, interrupted })))
    }

    fn evaluate(
        &self,
        expression: &UnwindExpression<usize>,
        section: &EhFrame<Reader<'_>>,
        encoding: Encoding,
        registers: &FrameRegisters,
        initial: Option<u64>,
    ) -> Option<u64> {
        let encoding = Encoding { format: Format::Dwarf32, ..encoding };
        let mut evaluation = expression.get(section).ok()?.evaluation(encoding);
        evaluation.set_max_iterations(EXPRESSION_STEPS_MAX);
        if let Some(cfa) = initial {
            evaluation.set_initial_value(cfa);
        }
        let mut state = evaluation.evaluate().ok()?;
        loop {
            state = match state {
                EvaluationResult::Complete => break,
                EvaluationResult::RequiresRegister { register, .. } => {
                    let value = Value::Generic(registers.get(register.0.into())?);
                    evaluation.resume_with_register(value).ok()?
                }
                EvaluationResult::RequiresMemory { address, size, .. } => {
                    let mask = if size >= 8 { u64::MAX } else { (1 << (8 * u32::from(size))) - 1 };
                    evaluation.resume_with_memory(Value::Generic(self.word(address)? & mask)).ok()?
                }
                _ => return None,
            };
        }
        match evaluation.as_result().first()?.location {
            Location::Address { address } => Some(address),
            _ => None,
        }
    }

    /// `rbp` points to the caller's `rbp`, with the return address above it.
    fn by_frame_pointer(&self, registers: &FrameRegisters) -> Option<Caller> {
        let (fp, sp) = (registers.get(FP)?, registers.get(SP)?);
        if fp < sp || fp % 8 != 0 || self.space.at(fp)?.start != self.space.at(sp)?.start {
            return None;
        }
        let pc = self.word(fp + 8).filter(|pc| self.space.is_code(pc.wrapping_sub(1)))?;
        let mut caller = registers.preserved();
        caller.set(FP, self.word(fp));
        caller.set(SP, Some(fp + 16));
        caller.set(PC, Some(pc));
        Some(Caller { registers: caller, trust: Trust::FramePointer, interrupted: false })
    }

    /// A call through a bad pointer has pushed its return address right where the stack pointer is.
    fn by_scan(&self, registers: &FrameRegisters) -> Option<Caller> {
        let sp = registers.get(SP)? & !7;
        (0..SCAN_WORDS).find_map(|index| {
            let at = sp + index * 8;
            let pc = self.word(at).filter(|pc| self.follows_a_call(*pc))?;
            let mut caller = registers.preserved();
            caller.set(SP, Some(at + 8));
            caller.set(PC, Some(pc));
            Some(Caller { registers: caller, trust: Trust::Scan, interrupted: false })
        })
    }

    /// Whether the bytes before `pc` are a `call`: direct (e8), or indirect (ff /2) with up to seven bytes.
    fn follows_a_call(&self, pc: u64) -> bool {
        let mut code = [0u8; 7];
        if !self.space.is_code(pc.wrapping_sub(1)) || process::read(self.tgid, pc.wrapping_sub(7), &mut code).is_err() {
            return false;
        }
        code[2] == 0xe8 || (0..6).any(|at| code[at] == 0xff && code[at + 1] & 0x38 == 0x10)
    }

    fn word(&self, address: u64) -> Option<u64> {
        process::read_u64(self.tgid, address).ok()
    }
}

enum Cfi {
    Caller(Box<Caller>),
    Outermost,
    Absent,
}
