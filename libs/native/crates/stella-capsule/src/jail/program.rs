//! The program's own process, from fork to `execve`.

use super::{Plan, Step, c_path, filter, rootfs, step};
use crate::control::{Control, StepFailure, check};
use crate::request::Request;
use libc::{c_char, c_int, c_ulong};
use std::ffi::CString;
use std::io;

/// Returns only what failed.
pub fn start(plan: &Plan, control: &Control) -> Step<std::convert::Infallible> {
    let request = plan.request;
    // SAFETY: plain system calls on descriptors that this process owns.
    unsafe {
        for (target, fd) in plan.stdio.iter().enumerate() {
            step("dup2", check(libc::dup2(*fd, target as c_int)))?;
        }
        let all = libc::CLOSE_RANGE_CLOEXEC as c_int;
        step("close_range", check(libc::syscall(libc::SYS_close_range, 3, c_int::MAX, all) as c_int))?;
        step("setsid", check(libc::setsid()))?;
        libc::umask(0o022);
        // What this process's own parents ignore is not the program's business; 9 and 19 refuse, which is right.
        for signal in 1..=64 {
            libc::signal(signal, libc::SIG_DFL);
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        step("sigprocmask", check(libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut())))?;
    }
    step("chdir", std::env::set_current_dir(rootfs::WORK_DIR))?;
    limit(request)?;
    pin_cpu(plan.cpu)?;
    become_user(request)?;
    let tsc_trapped = pin_machine()?;
    let (argv, envp) = (arguments(request), environment(request));
    let (argv, envp) = (pointers(&argv), pointers(&envp));
    let path = c_path(&request.program_path);

    step("tell the supervisor", control.send_ready(tsc_trapped))?;
    step("wait for the tracer", control.wait_go())?;
    filter::install()?;
    // SAFETY: both arrays end with a null pointer, and all strings live until the image is replaced.
    let result = check(unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), envp.as_ptr()) });
    let errno = result.err().and_then(|error| error.raw_os_error()).unwrap_or(0);
    let _ = control.send_failure("execve", errno);
    // SAFETY: ends the process without running the supervisor's destructors.
    unsafe { libc::_exit(127) }
}

fn limit(request: &Request) -> Step {
    let caps = &request.caps;
    // The tracer counts tasks exactly; this bounds what is made between two of its looks (init is one more).
    let processes = caps.pids + 2;
    // The watch reads CPU time in milliseconds; this is the kernel's own bound in whole seconds.
    let cpu_s = caps.cpu_ms.div_ceil(1000) + 1;
    for (name, resource, value) in [
        ("RLIMIT_CPU", libc::RLIMIT_CPU, cpu_s),
        ("RLIMIT_NPROC", libc::RLIMIT_NPROC, processes),
        ("RLIMIT_NOFILE", libc::RLIMIT_NOFILE, caps.open_files),
        ("RLIMIT_FSIZE", libc::RLIMIT_FSIZE, caps.disk_bytes + 4096),
        ("RLIMIT_CORE", libc::RLIMIT_CORE, 0),
        ("RLIMIT_MEMLOCK", libc::RLIMIT_MEMLOCK, 0),
        ("RLIMIT_MSGQUEUE", libc::RLIMIT_MSGQUEUE, 0),
        // Fixed, because the kernel places the mmap area below the stack's limit.
        ("RLIMIT_STACK", libc::RLIMIT_STACK, 8 << 20),
    ] {
        let limit = libc::rlimit { rlim_cur: value, rlim_max: value };
        // SAFETY: `limit` lives through the call.
        step(name, check(unsafe { libc::setrlimit(resource, &limit) }))?;
    }
    Ok(())
}

fn pin_cpu(cpu: usize) -> Step {
    // SAFETY: the set is a plain value; `cpu` came from the kernel.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        step("sched_setaffinity", check(libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set))).map(drop)
    }
}

/// Drops to the request's user for good: no capability in any set, none to be gained by `execve`.
pub fn become_user(request: &Request) -> Step {
    // SAFETY: plain system calls; the capability structures have the layout of version 3 of the interface.
    unsafe {
        for capability in 0..64 {
            if libc::prctl(libc::PR_CAPBSET_DROP, capability as c_ulong, 0, 0, 0) != 0 {
                break;
            }
        }
        let (uid, gid) = (request.uid, request.gid);
        step("setresgid", check(libc::setresgid(gid, gid, gid)))?;
        step("setresuid", check(libc::setresuid(uid, uid, uid)))?;
        step("prctl NO_NEW_PRIVS", check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1 as c_ulong, 0, 0, 0)))?;
        libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as c_ulong, 0, 0, 0);
        let header = [0x2008_0522_u32, 0];
        let none = [0u32; 6];
        let result = libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()) as c_int;
        step("capset", check(result)).map(drop)
    }
}

/// Whether reads of the time-stamp counter fault from here on.
fn pin_machine() -> Step<bool> {
    // SAFETY: no pointers but `state`, which lives through the call.
    unsafe {
        // Refused by some container profiles: the tracer reads back what took hold, and a level is lost, not a run.
        libc::personality(libc::ADDR_NO_RANDOMIZE as c_ulong);
        libc::prctl(libc::PR_SET_TSC, libc::PR_TSC_SIGSEGV as c_ulong, 0, 0, 0);
        let mut state: c_int = 0;
        let read = libc::prctl(libc::PR_GET_TSC, &raw mut state, 0, 0, 0);
        Ok(read == 0 && state == libc::PR_TSC_SIGSEGV)
    }
}

fn arguments(request: &Request) -> Vec<CString> {
    let first = request.program_path.to_string_lossy().into_owned();
    std::iter::once(first).chain(request.args.iter().cloned()).filter_map(|text| CString::new(text).ok()).collect()
}

fn environment(request: &Request) -> Vec<CString> {
    let mut env = request.env.clone();
    env.entry("LC_ALL".into()).or_insert_with(|| request.locale.clone());
    env.entry("TZ".into()).or_insert_with(|| request.tz.clone());
    env.into_iter().filter_map(|(name, value)| CString::new(format!("{name}={value}")).ok()).collect()
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
}

pub(super) fn last(step: &str) -> StepFailure {
    StepFailure { step: step.into(), errno: io::Error::last_os_error().raw_os_error().unwrap_or(libc::EINVAL) }
}
