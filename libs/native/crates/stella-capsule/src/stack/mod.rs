//! The call stacks of a process that is about to die, read from outside.

mod elf;
mod maps;
mod registers;
mod unwind;

use crate::limits::STACK_THREADS_MAX;
use crate::outcome::{Module, Registers, Stack, ThreadStack};
use crate::process::{self, PTRACE_EVENT_STOP, Status};
use libc::pid_t;
use maps::AddressSpace;
use std::thread::sleep;
use std::time::{Duration, Instant};
use unwind::Unwinder;

/// A thread that does not stop within this time (one that waits for its `vfork` child) is left out.
const STOP_TIMEOUT: Duration = Duration::from_millis(200);

/// What stopped a thread before it was asked to: the tracer's to handle afterwards.
pub type Deferred = (pid_t, i32);

/// The files that are mapped with code, in address order.
pub fn modules_of(tgid: pid_t) -> Vec<Module> {
    AddressSpace::read(tgid).map(|space| space.modules()).unwrap_or_default()
}

/// Thread `crashed` of process `tgid` is stopped at the delivery of `signal`; `others` run or are stopped.
pub fn capture(crashed: pid_t, tgid: pid_t, signal: i32, others: &[pid_t]) -> (Stack, Vec<Deferred>) {
    let mut deferred = Vec::new();
    let others: Vec<pid_t> = others.iter().copied().take(STACK_THREADS_MAX - 1).collect();
    let resumable: Vec<pid_t> = others.iter().copied().filter(|tid| halt(*tid, &mut deferred)).collect();
    let mut threads = Vec::new();
    if let Ok(space) = AddressSpace::read(tgid) {
        let mut unwinder = Unwinder::new(space, tgid);
        threads.extend(thread(&mut unwinder, crashed, Some(signal)));
        for tid in &others {
            threads.extend(thread(&mut unwinder, *tid, None));
        }
    }
    for tid in resumable {
        let _ = process::ptrace(libc::PTRACE_CONT, tid, 0, 0);
    }
    (Stack { threads }, deferred)
}

/// Whether the thread stopped only because it was asked to.
fn halt(tid: pid_t, deferred: &mut Vec<Deferred>) -> bool {
    if process::ptrace(libc::PTRACE_INTERRUPT, tid, 0, 0).is_err() {
        return false;
    }
    let deadline = Instant::now() + STOP_TIMEOUT;
    while Instant::now() < deadline {
        let mut status = 0;
        // SAFETY: `status` lives through the call.
        match unsafe { libc::waitpid(tid, &mut status, libc::__WALL | libc::WNOHANG) } {
            0 => sleep(Duration::from_micros(50)),
            found if found == tid => {
                let asked = libc::WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_STOP;
                if !asked {
                    deferred.push((tid, status));
                }
                return asked;
            }
            _ => return false,
        }
    }
    false
}

fn thread(unwinder: &mut Unwinder, tid: pid_t, signal: Option<i32>) -> Option<ThreadStack> {
    let regs = process::registers(tid).ok()?;
    let info = signal.and_then(|_| process::signal_info(tid).ok());
    // `si_addr` is meaningful for the faults only.
    let faults = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP];
    let address = info.filter(|info| faults.contains(&info.si_signo) && info.si_code > 0);
    let (frames, ended) = unwinder.walk(&regs);
    Some(ThreadStack {
        tid: Status::read(tid).ok().and_then(|status| status.inner_pid()).unwrap_or(tid),
        crashed: signal.is_some(),
        signal,
        si_code: info.map(|info| info.si_code),
        // SAFETY: the kernel filled the member for these signals.
        fault_address: address.map(|info| hex(unsafe { info.si_addr() } as u64)),
        registers: Registers { pc: hex(regs.rip), sp: hex(regs.rsp), fp: hex(regs.rbp) },
        frames,
        ended,
    })
}

fn hex(value: u64) -> String {
    format!("{value:#x}")
}
