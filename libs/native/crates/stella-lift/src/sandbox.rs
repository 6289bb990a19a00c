//! The process limits itself before it looks at hostile bytes: memory, CPU time, system calls.

use crate::limits::Limits;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set once frames are on their way: then a failure can only cut the stream, which no reader takes for complete.
static WRITING: AtomicBool = AtomicBool::new(false);

pub fn output_begins() {
    WRITING.store(true, Ordering::SeqCst);
}

const MEMORY: &[u8] = br#"{"error":{"reason":"LIMIT_MEMORY","message":"memory ran out","facts":{},"next":"raise --memory-bytes-max"}}"#;
const CPU: &[u8] = br#"{"error":{"reason":"LIMIT_CPU","message":"the CPU time ran out","facts":{},"next":"raise --cpu-seconds-max"}}"#;

/// Async-signal-safe: writes a whole frame by one system call and leaves.
extern "C" fn fail(signal: libc::c_int) {
    let body = if signal == libc::SIGXCPU { CPU } else { MEMORY };
    let mut frame = [0u8; 256];
    frame[..4].copy_from_slice(&(body.len() as u32).to_le_bytes());
    frame[4..4 + body.len()].copy_from_slice(body);
    // SAFETY: `write` and `_exit` are async-signal-safe, and the buffer outlives the call.
    unsafe {
        if !WRITING.load(Ordering::SeqCst) {
            libc::write(1, frame.as_ptr().cast(), 4 + body.len());
        }
        libc::_exit(1);
    }
}

fn limit(resource: libc::__rlimit_resource_t, soft: u64, hard: u64) -> bool {
    // SAFETY: a plain system call on two local structures.
    unsafe {
        let mut now: libc::rlimit = std::mem::zeroed();
        if libc::getrlimit(resource, &mut now) != 0 {
            return false;
        }
        let new = libc::rlimit { rlim_cur: soft.min(now.rlim_max), rlim_max: hard.min(now.rlim_max) };
        libc::setrlimit(resource, &new) == 0
    }
}

/// Applies all limits; the names of those that the system refused are returned, to be told to the caller.
pub fn enter(limits: &Limits) -> Vec<&'static str> {
    let mut refused = Vec::new();
    // SAFETY: the handler is async-signal-safe and the structure is fully initialised.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = fail as extern "C" fn(libc::c_int) as usize;
        for signal in [libc::SIGXCPU, libc::SIGABRT] {
            if libc::sigaction(signal, &action, std::ptr::null_mut()) != 0 {
                refused.push("SANDBOX_SIGNALS");
            }
        }
    }
    if !limit(libc::RLIMIT_AS, limits.memory_bytes_max, limits.memory_bytes_max) {
        refused.push("SANDBOX_MEMORY");
    }
    if !limit(libc::RLIMIT_CPU, limits.cpu_seconds_max, limits.cpu_seconds_max.saturating_add(1)) {
        refused.push("SANDBOX_CPU");
    }
    if !limit(libc::RLIMIT_CORE, 0, 0) {
        refused.push("SANDBOX_CORE");
    }
    if !filter_system_calls() {
        refused.push("SANDBOX_SYSTEM_CALLS");
    }
    refused
}

/// What threads, memory and output need. Nothing opens, connects, executes or traces.
const ALLOWED: &[libc::c_long] = &[
    libc::SYS_write, libc::SYS_writev, libc::SYS_mmap, libc::SYS_munmap, libc::SYS_mprotect, libc::SYS_mremap,
    libc::SYS_madvise, libc::SYS_brk, libc::SYS_futex, libc::SYS_exit, libc::SYS_exit_group, libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask, libc::SYS_rt_sigreturn, libc::SYS_sigaltstack, libc::SYS_set_robust_list, libc::SYS_rseq,
    libc::SYS_sched_yield, libc::SYS_sched_getaffinity, libc::SYS_gettid, libc::SYS_getpid, libc::SYS_tgkill,
    libc::SYS_getrandom, libc::SYS_clock_gettime, libc::SYS_restart_syscall, libc::SYS_close, libc::SYS_poll,
];

fn filter_system_calls() -> bool {
    use libc::sock_filter;
    const LOAD: u16 = 0x20;
    const JUMP_EQUAL: u16 = 0x15;
    const JUMP_SET: u16 = 0x45;
    const RETURN: u16 = 0x06;
    const ALLOW: u32 = 0x7fff_0000;
    const KILL: u32 = 0x8000_0000;
    const ERRNO: u32 = 0x0005_0000;
    const ARCH_X86_64: u32 = 0xc000_003e;
    const CLONE_THREAD: u32 = 0x0001_0000;
    let step = |code: u16, jt: u8, jf: u8, k: u32| sock_filter { code, jt, jf, k };
    let mut program = vec![step(LOAD, 0, 0, 4), step(JUMP_EQUAL, 1, 0, ARCH_X86_64), step(RETURN, 0, 0, KILL), step(LOAD, 0, 0, 0)];
    for call in ALLOWED {
        program.push(step(JUMP_EQUAL, 0, 1, *call as u32));
        program.push(step(RETURN, 0, 0, ALLOW));
    }
    // Threads, but no processes; clone3 hides its flags, so callers are sent to clone.
    program.push(step(JUMP_EQUAL, 0, 1, libc::SYS_clone3 as u32));
    program.push(step(RETURN, 0, 0, ERRNO | libc::ENOSYS as u32));
    program.push(step(JUMP_EQUAL, 0, 3, libc::SYS_clone as u32));
    program.push(step(LOAD, 0, 0, 16));
    program.push(step(JUMP_SET, 0, 1, CLONE_THREAD));
    program.push(step(RETURN, 0, 0, ALLOW));
    program.push(step(RETURN, 0, 0, ERRNO | libc::EPERM as u32));
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: the program outlives both calls; they change only this process.
    unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &filter) == 0
    }
}
