//! The registers of one frame, numbered as in the System V ABI for x86-64 (figure 3.36).

use libc::user_regs_struct;

pub const FP: usize = 6;
pub const SP: usize = 7;
pub const PC: usize = 16;

/// `None`: the frame's caller did not leave it anywhere.
#[derive(Debug, Clone, Copy)]
pub struct FrameRegisters([Option<u64>; 17]);

impl FrameRegisters {
    pub fn of(regs: &user_regs_struct) -> Self {
        Self(
            [
                regs.rax, regs.rdx, regs.rcx, regs.rbx, regs.rsi, regs.rdi, regs.rbp, regs.rsp, regs.r8, regs.r9,
                regs.r10, regs.r11, regs.r12, regs.r13, regs.r14, regs.r15, regs.rip,
            ]
            .map(Some),
        )
    }

    pub fn get(&self, number: usize) -> Option<u64> {
        self.0.get(number).copied().flatten()
    }

    pub fn set(&mut self, number: usize, value: Option<u64>) {
        if let Some(slot) = self.0.get_mut(number) {
            *slot = value;
        }
    }

    /// A caller's registers as far as the ABI preserves them: rbx, rbp, r12 to r15.
    pub fn preserved(&self) -> Self {
        let mut caller = Self([None; 17]);
        for number in [3, FP, 12, 13, 14, 15] {
            caller.set(number, self.get(number));
        }
        caller
    }
}
