//! The seccomp filter: classic BPF over `struct seccomp_data`, built from the lists in `syscalls`.

use super::syscalls::{ALLOWED, Deadline, FUTEX_TIMED, REFUSED, TIMED, VIRTUAL};
use super::{Step, program::last};
use libc::*;

/// The `SECCOMP_RET_TRACE` data by which the tracer tells the two reasons for a stop apart.
pub const TRACE_VIRTUAL: u32 = 1;
pub const TRACE_REFUSE: u32 = 2;

const AUDIT_ARCH_X86_64: u32 = 0xC000_003E;
/// Numbers from here on belong to the x32 interface, which the capsule does not have.
const X32_BIT: u32 = 0x4000_0000;
const ALLOW: u32 = SECCOMP_RET_ALLOW;
const VIRTUALISE: u32 = SECCOMP_RET_TRACE | TRACE_VIRTUAL;
const REFUSE: u32 = SECCOMP_RET_TRACE | TRACE_REFUSE;
const ABSENT: u32 = SECCOMP_RET_ERRNO | ENOSYS as u32;
const NAMESPACES: u32 =
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET) as u32;
const NR: u32 = 0;
const ARCH: u32 = 4;

const fn low(argument: u8) -> u32 {
    16 + argument as u32 * 8
}
const fn high(argument: u8) -> u32 {
    low(argument) + 4
}

#[derive(Default)]
struct Program(Vec<sock_filter>);

impl Program {
    fn op(&mut self, code: u32, jt: u8, jf: u8, k: u32) {
        self.0.push(sock_filter { code: code as u16, jt, jf, k });
    }
    fn load(&mut self, offset: u32) {
        self.op(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
    }
    fn answer(&mut self, action: u32) {
        self.op(BPF_RET | BPF_K, 0, 0, action);
    }
    /// Returns `action` if the loaded word, compared by `test` with `k`, holds.
    fn answer_if(&mut self, test: u32, k: u32, action: u32) {
        self.op(BPF_JMP | test | BPF_K, 0, 1, k);
        self.answer(action);
    }
    /// `body` decides about system call `number`; it must end in an answer.
    fn when(&mut self, number: c_long, body: impl FnOnce(&mut Program)) {
        let mut inner = Program::default();
        body(&mut inner);
        self.op(BPF_JMP | BPF_JEQ | BPF_K, 0, inner.0.len() as u8, number as u32);
        self.0.append(&mut inner.0);
    }
}

fn build() -> Vec<sock_filter> {
    let mut program = Program::default();
    program.load(ARCH);
    program.op(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AUDIT_ARCH_X86_64);
    program.answer(ABSENT);
    program.load(NR);
    program.answer_if(BPF_JGE, X32_BIT, ABSENT);
    program.when(SYS_futex, |body| {
        body.load(low(1));
        body.op(BPF_ALU | BPF_AND | BPF_K, 0, 0, 0x7f);
        // Past the untimed operations' answer, to the test of the pointer.
        for (index, operation) in FUTEX_TIMED.iter().enumerate() {
            body.op(BPF_JMP | BPF_JEQ | BPF_K, (FUTEX_TIMED.len() - index) as u8, 0, *operation);
        }
        body.answer(ALLOW);
        pointer(body, 3);
    });
    for (number, deadline) in TIMED {
        program.when(*number, |body| match deadline {
            Deadline::Pointer(argument) => pointer(body, *argument),
            Deadline::Positive(argument) => {
                body.load(low(*argument));
                body.answer_if(BPF_JEQ, 0, ALLOW);
                body.answer_if(BPF_JGE, 0x8000_0000, ALLOW);
                body.answer(VIRTUALISE);
            }
        });
    }
    for number in VIRTUAL {
        program.answer_if(BPF_JEQ, *number as u32, VIRTUALISE);
    }
    by_argument(&mut program);
    for number in ALLOWED {
        program.answer_if(BPF_JEQ, *number as u32, ALLOW);
    }
    for (number, _) in REFUSED {
        program.answer_if(BPF_JEQ, *number as u32, REFUSE);
    }
    program.answer(ABSENT);
    program.0
}

fn pointer(body: &mut Program, argument: u8) {
    body.load(low(argument));
    body.op(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0);
    body.answer(VIRTUALISE);
    body.load(high(argument));
    body.answer_if(BPF_JEQ, 0, ALLOW);
    body.answer(VIRTUALISE);
}

fn by_argument(program: &mut Program) {
    for number in [SYS_socket, SYS_socketpair] {
        program.when(number, |body| {
            body.load(low(0));
            body.answer_if(BPF_JEQ, AF_UNIX as u32, ALLOW);
            body.answer(REFUSE);
        });
    }
    program.when(SYS_clone, |body| {
        body.load(low(0));
        body.answer_if(BPF_JSET, NAMESPACES, REFUSE);
        body.answer(ALLOW);
    });
    program.when(SYS_prctl, |body| {
        body.load(low(0));
        for option in [PR_SET_TSC, PR_SET_MM, PR_SET_SECCOMP, PR_CAP_AMBIENT, PR_SET_PTRACER] {
            body.answer_if(BPF_JEQ, option as u32, REFUSE);
        }
        body.answer(ALLOW);
    });
    program.when(SYS_arch_prctl, |body| {
        body.load(low(0));
        for option in [0x1001, 0x1002, 0x1003, 0x1004] {
            body.answer_if(BPF_JEQ, option, ALLOW);
        }
        body.answer(SECCOMP_RET_ERRNO | EINVAL as u32);
    });
    program.when(SYS_personality, |body| {
        body.load(low(0));
        body.answer_if(BPF_JEQ, u32::MAX, ALLOW);
        body.answer(REFUSE);
    });
    program.when(SYS_ioctl, |body| {
        body.load(low(1));
        for request in [TIOCSTI as u32, TIOCLINUX as u32] {
            body.answer_if(BPF_JEQ, request, REFUSE);
        }
        body.answer(ALLOW);
    });
}

/// Installs the filter; the next system call is already under it. Needs `no_new_privs`.
pub fn install() -> Step {
    let mut filter = build();
    let program = sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: `program` and the instructions live through the call; the kernel copies them.
    match unsafe { syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &raw const program) } {
        0 => Ok(()),
        _ => Err(last("seccomp")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Interprets the part of classic BPF that `build` emits.
    fn run(arch: u32, number: c_long, arguments: [u64; 6]) -> u32 {
        let filter = build();
        let word = |offset: u32| match offset {
            NR => number as u32,
            ARCH => arch,
            _ => (arguments[(offset as usize - 16) / 8] >> (8 * (offset % 8))) as u32,
        };
        let (mut at, mut accumulator) = (0, 0);
        loop {
            let op = filter[at];
            at += 1;
            let code = u32::from(op.code);
            let jump = |holds: bool| usize::from(if holds { op.jt } else { op.jf });
            match code & 0x07 {
                BPF_LD => accumulator = word(op.k),
                BPF_ALU => accumulator &= op.k,
                BPF_RET => return op.k,
                _ => {
                    at += jump(match code & 0xf0 {
                        BPF_JEQ => accumulator == op.k,
                        BPF_JGE => accumulator >= op.k,
                        _ => accumulator & op.k != 0,
                    })
                }
            }
        }
    }

    fn native(number: c_long, arguments: [u64; 6]) -> u32 {
        run(AUDIT_ARCH_X86_64, number, arguments)
    }

    #[test]
    fn other_interfaces_of_the_kernel_do_not_exist() {
        assert_eq!(run(0x4000_0003, SYS_read, [0; 6]), ABSENT);
        assert_eq!(native(SYS_read | c_long::from(X32_BIT), [0; 6]), ABSENT);
        assert_eq!(native(SYS_clone3, [0; 6]), ABSENT);
        assert_eq!(native(9999, [0; 6]), ABSENT);
    }

    #[test]
    fn only_waits_with_a_deadline_stop() {
        for (operation, timeout, expected) in [
            (0, 0, ALLOW),
            (0, 8, VIRTUALISE),
            (9 | 128 | 256, 1 << 32, VIRTUALISE),
            (1 | 128, 8, ALLOW),
            (3, 8, ALLOW),
        ] {
            assert_eq!(native(SYS_futex, [0, operation, 0, timeout, 0, 0]), expected, "futex {operation} {timeout}");
        }
        for (timeout, expected) in [(0, ALLOW), (u64::from(u32::MAX), ALLOW), (5, VIRTUALISE)] {
            assert_eq!(native(SYS_poll, [0, 0, timeout, 0, 0, 0]), expected);
        }
    }

    #[test]
    fn what_reaches_out_is_refused_by_its_arguments() {
        assert_eq!(native(SYS_socket, [AF_INET as u64, 0, 0, 0, 0, 0]), REFUSE);
        assert_eq!(native(SYS_socket, [AF_UNIX as u64, 0, 0, 0, 0, 0]), ALLOW);
        assert_eq!(native(SYS_clone, [CLONE_NEWUSER as u64, 0, 0, 0, 0, 0]), REFUSE);
        assert_eq!(native(SYS_clone, [(CLONE_VM | CLONE_THREAD) as u64, 0, 0, 0, 0, 0]), ALLOW);
        assert_eq!(native(SYS_prctl, [PR_SET_TSC as u64, 1, 0, 0, 0, 0]), REFUSE);
        assert_eq!(native(SYS_personality, [0, 0, 0, 0, 0, 0]), REFUSE);
        assert_eq!(native(SYS_ptrace, [0; 6]), REFUSE);
        assert_eq!(native(SYS_clock_gettime, [0; 6]), VIRTUALISE);
        assert_eq!(native(SYS_write, [0; 6]), ALLOW);
    }
}
