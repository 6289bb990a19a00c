//! What this host can give a capsule: each capability tried, none assumed.

use crate::control::check;
use crate::spawn::NAMESPACES;
use libc::{c_int, c_ulong};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

const AVAILABLE: &str = "available";

/// Each member is `available`, or the reason why not.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Probe {
    pub namespaces: BTreeMap<&'static str, String>,
    pub seccomp: String,
    pub ptrace: String,
    pub personality: String,
    pub tsc: String,
    pub mount_setattr: String,
    pub cgroup: String,
    pub kernel: String,
    pub cpu_model_class: String,
    /// Whether `capsule run` can be expected to reach I1 and D1.
    pub isolation: Option<&'static str>,
    pub determinism: Option<&'static str>,
}

pub fn probe() -> Probe {
    let namespaces: BTreeMap<_, _> = namespaces().into_iter().collect();
    let seccomp = in_child(|| {
        // SAFETY: plain system calls; the null filter makes the kernel answer EFAULT where it knows the mode.
        unsafe {
            check(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1 as c_ulong, 0, 0, 0))?;
            let null = std::ptr::null::<libc::sock_fprog>();
            check(libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, null) as c_int)
        }
        .map_or_else(|error| if error.raw_os_error() == Some(libc::EFAULT) { Ok(0) } else { Err(error) }, Ok)
    });
    let personality = in_child(|| {
        // SAFETY: plain system calls.
        unsafe {
            check(libc::personality(libc::ADDR_NO_RANDOMIZE as c_ulong))?;
            held(libc::personality(0xffff_ffff) & libc::ADDR_NO_RANDOMIZE != 0)
        }
    });
    let tsc = in_child(|| {
        let mut state: c_int = 0;
        // SAFETY: `state` lives through the call.
        unsafe {
            check(libc::prctl(libc::PR_SET_TSC, libc::PR_TSC_SIGSEGV as c_ulong, 0, 0, 0))?;
            check(libc::prctl(libc::PR_GET_TSC, &raw mut state, 0, 0, 0))?;
        }
        held(state == libc::PR_TSC_SIGSEGV)
    });
    let mount_setattr = in_child(|| {
        // SAFETY: the kernel refuses the null attributes with EINVAL, or does not know the call.
        let result = unsafe { libc::syscall(libc::SYS_mount_setattr, -1, c"".as_ptr(), 0, 0, 0) } as c_int;
        match check(result) {
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => Err(error),
            _ => Ok(0),
        }
    });
    let ptrace = trace_a_child();
    let good = |state: &String| state == AVAILABLE;
    let isolated = namespaces.values().all(good) && good(&seccomp) && good(&mount_setattr) && good(&ptrace);
    let pinned = isolated && good(&personality) && good(&tsc);
    Probe {
        namespaces,
        seccomp,
        ptrace,
        personality,
        tsc,
        mount_setattr,
        cgroup: cgroup(),
        kernel: crate::host::kernel(),
        cpu_model_class: crate::host::cpu_model_class(),
        isolation: isolated.then_some("I1"),
        determinism: pinned.then_some("D1"),
    }
}

/// Each namespace of I1 on its own, below a user namespace.
pub fn namespaces() -> Vec<(&'static str, String)> {
    NAMESPACES
        .iter()
        // SAFETY: plain system call.
        .map(|(name, flag)| (*name, in_child(|| check(unsafe { libc::unshare(libc::CLONE_NEWUSER | flag) }))))
        .collect()
}

fn held(yes: bool) -> io::Result<c_int> {
    if yes { Ok(0) } else { Err(io::Error::other("accepted, but without effect")) }
}

/// Tries something in a copy of this process, which must be single-threaded.
fn in_child(attempt: impl FnOnce() -> io::Result<c_int>) -> String {
    // SAFETY: the child only makes system calls and ends by `_exit`.
    match unsafe { libc::fork() } {
        -1 => io::Error::last_os_error().to_string(),
        0 => {
            let code = match attempt() {
                Ok(_) => 0,
                Err(error) => error.raw_os_error().unwrap_or(255),
            };
            unsafe { libc::_exit(code) }
        }
        child => {
            let mut status = 0;
            // SAFETY: `status` lives through the call.
            unsafe { libc::waitpid(child, &mut status, 0) };
            match (libc::WIFEXITED(status), libc::WEXITSTATUS(status)) {
                (true, 0) => AVAILABLE.into(),
                (true, 255) => "accepted, but without effect".into(),
                (true, errno) => io::Error::from_raw_os_error(errno).to_string(),
                _ => format!("killed by signal {}", libc::WTERMSIG(status)),
            }
        }
    }
}

fn trace_a_child() -> String {
    // SAFETY: the child only sleeps until it is killed; it is this process's own and reaped below.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            loop {
                libc::pause();
            }
        }
        if child < 0 {
            return io::Error::last_os_error().to_string();
        }
        let result = crate::process::ptrace(libc::PTRACE_SEIZE, child, 0, crate::trace::OPTIONS as u64);
        libc::kill(child, libc::SIGKILL);
        libc::waitpid(child, std::ptr::null_mut(), libc::__WALL);
        result.map_or_else(|error| error.to_string(), |()| AVAILABLE.into())
    }
}

/// Whether a cgroup of memory and pids could be made here. The capsule does without: a directory would outlive it
/// when it is killed.
fn cgroup() -> String {
    let writable = |path: &str| {
        let Ok(path) = std::ffi::CString::new(path) else { return false };
        // SAFETY: the path is NUL-terminated and lives through the call.
        unsafe { libc::access(path.as_ptr(), libc::W_OK) == 0 }
    };
    let v2 = std::fs::read_to_string("/sys/fs/cgroup/cgroup.controllers").unwrap_or_default();
    if ["memory", "pids"].iter().all(|name| v2.split_whitespace().any(|found| found == *name)) {
        return if writable("/sys/fs/cgroup") { "available (v2)".into() } else { "v2, not writable".into() };
    }
    if writable("/sys/fs/cgroup/memory") && writable("/sys/fs/cgroup/pids") {
        return "available (v1)".into();
    }
    "no writable hierarchy with memory and pids".into()
}
