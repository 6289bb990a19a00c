//! Signals on their way to the program.

use super::{Resume, Tracer};
use crate::process::{self, Status};
use crate::stack;
use libc::pid_t;
use std::io;

/// Fatal unless handled, and a sign that the program went wrong.
const CRASHES: [i32; 7] =
    [libc::SIGSEGV, libc::SIGABRT, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP, libc::SIGSYS];
const RDTSC: [u8; 2] = [0x0f, 0x31];
const RDTSCP: [u8; 3] = [0x0f, 0x01, 0xf9];

impl Tracer<'_> {
    pub(super) fn signalled(&mut self, pid: pid_t, signal: i32) -> io::Result<Resume> {
        if signal == libc::SIGSEGV && self.emulate_tsc(pid)? {
            return Ok(Resume::Continue(0));
        }
        let wanted = self.request.capture_stack && self.report.stack.is_none() && CRASHES.contains(&signal);
        if wanted && is_fatal(pid, signal) {
            let tgid = self.tasks.get(&pid).map_or(pid, |task| task.tgid);
            let others: Vec<pid_t> =
                self.tasks.iter().filter(|(id, task)| task.tgid == tgid && **id != pid).map(|(id, _)| *id).collect();
            let (captured, deferred) = stack::capture(pid, tgid, signal, &others);
            self.report.stack = Some(captured);
            self.deferred.extend(deferred);
            self.report.modules = stack::modules_of(tgid);
        }
        Ok(Resume::Continue(signal))
    }

    /// Reading the time-stamp counter faults under `PR_TSC_SIGSEGV`; the program gets the virtual clock, at 1 GHz.
    fn emulate_tsc(&mut self, pid: pid_t) -> io::Result<bool> {
        if process::signal_info(pid)?.si_code != libc::SI_KERNEL {
            return Ok(false);
        }
        let mut regs = process::registers(pid)?;
        let mut code = [0; 3];
        let size = process::read(pid, regs.rip, &mut code).unwrap_or(0);
        let length = match &code[..size] {
            [a, b, ..] if [*a, *b] == RDTSC => RDTSC.len(),
            bytes if bytes == RDTSCP => RDTSCP.len(),
            _ => return Ok(false),
        };
        self.count("rdtsc");
        let value = self.clock.query(libc::CLOCK_MONOTONIC as u64).unwrap_or(0);
        regs.rax = value & 0xffff_ffff;
        regs.rdx = value >> 32;
        if length == RDTSCP.len() {
            regs.rcx = 0;
        }
        regs.rip += length as u64;
        process::set_registers(pid, &regs)?;
        Ok(true)
    }
}

/// Whether no handler will see it. A blocked or ignored fault kills all the same.
fn is_fatal(pid: pid_t, signal: i32) -> bool {
    let Ok(status) = Status::read(pid) else { return true };
    let bit = 1u64 << (signal - 1);
    let ignored = status.mask("SigIgn") & bit != 0 && signal == libc::SIGABRT;
    !ignored && (status.mask("SigCgt") & bit == 0 || status.mask("SigBlk") & bit != 0)
}
