//! Reads back from the kernel what was asked of it: a pin counts only when it is seen to hold.

use super::Tracer;
use crate::process::Status;
use libc::pid_t;

const ADDR_NO_RANDOMIZE: u64 = libc::ADDR_NO_RANDOMIZE as u64;

impl Tracer<'_> {
    /// Called at the start of every image. What makes the sandbox, as opposed to the determinism, ends the run when it
    /// is missing.
    pub(super) fn verify(&mut self, pid: pid_t) {
        let personality = std::fs::read_to_string(format!("/proc/{pid}/personality"))
            .ok()
            .and_then(|text| u64::from_str_radix(text.trim(), 16).ok());
        let aslr_off = personality.is_some_and(|value| value & ADDR_NO_RANDOMIZE != 0);
        self.report.pin("aslr", aslr_off, "personality(ADDR_NO_RANDOMIZE) was refused or did not last");
        self.report.pin("rdtsc", self.tsc_trapped, "prctl(PR_SET_TSC) was refused");
        let Ok(status) = Status::read(pid) else {
            self.report.unpin("filter", "the process's status could not be read".into());
            return;
        };
        let filtered = status.field("Seccomp") == Some("2");
        for name in ["clock", "random", "affinity", "machine", "directoryOrder"] {
            self.report.pin(name, filtered, "the seccomp filter is not installed");
        }
        if pid == self.main {
            self.report.pin("pid", status.inner_pid() == Some(2), "the program is not process 2");
        }
        let unprivileged = ["CapPrm", "CapEff", "CapBnd", "CapAmb"].iter().all(|name| status.mask(name) == 0);
        let sealed = filtered && unprivileged && status.field("NoNewPrivs") == Some("1");
        if !sealed {
            self.report.unpin("sandbox", "capabilities, no_new_privs or the filter are not as set".into());
            self.guard.kill();
        }
    }
}
