//! Answers the system calls whose results would differ from run to run.

use super::clock::{to_timespec, to_timeval};
use super::directory::Answer;
use super::{Resume, Tracer, waits};
use crate::jail::name_of_refused;
use crate::limits::RANDOM_BYTES_MAX;
use crate::process;
use libc::{c_long, pid_t, user_regs_struct};
use std::io;

/// What every program is told about the kernel it runs on.
const RELEASE: &str = "6.1.0-capsule";
const CENTISECOND_NS: u64 = 10_000_000;

impl Tracer<'_> {
    /// Task `pid` is stopped before a system call that the filter marked to be refused.
    pub(super) fn refuse(&mut self, pid: pid_t) -> io::Result<Resume> {
        let regs = process::registers(pid)?;
        let call = regs.orig_rax as c_long;
        *self.report.refused.entry(name_of_refused(call)).or_default() += 1;
        let errno = match call {
            libc::SYS_socket | libc::SYS_socketpair => libc::EAFNOSUPPORT,
            libc::SYS_io_uring_setup | libc::SYS_io_uring_enter | libc::SYS_io_uring_register => libc::ENOSYS,
            _ => libc::EPERM,
        };
        self.result(pid, regs, -i64::from(errno))
    }

    /// Task `pid` is stopped before a system call that the filter marked to be answered.
    pub(super) fn answer(&mut self, pid: pid_t) -> io::Result<Resume> {
        let regs = process::registers(pid)?;
        let call = regs.orig_rax as c_long;
        self.count(source(call));
        match call {
            libc::SYS_clock_gettime => match self.clock.query(regs.rdi) {
                Some(ns) => self.fill(pid, regs, &[(regs.rsi, &to_timespec(ns))], 0),
                None => self.result(pid, regs, -i64::from(libc::EINVAL)),
            },
            libc::SYS_gettimeofday => {
                let now = to_timeval(self.realtime());
                self.fill(pid, regs, &[(regs.rdi, &now), (regs.rsi, &[0; 8])], 0)
            }
            libc::SYS_time => {
                let s = self.realtime() / 1_000_000_000;
                self.fill(pid, regs, &[(regs.rdi, &s.to_le_bytes())], s as i64)
            }
            libc::SYS_clock_getres => match self.clock.now(regs.rdi) {
                Some(_) => self.fill(pid, regs, &[(regs.rsi, &to_timespec(1))], 0),
                None => self.result(pid, regs, -i64::from(libc::EINVAL)),
            },
            libc::SYS_times => {
                let ticks = self.clock.query(libc::CLOCK_MONOTONIC as u64).unwrap_or(0) / CENTISECOND_NS;
                self.fill(pid, regs, &[(regs.rdi, &[0; 32])], ticks as i64)
            }
            libc::SYS_getrusage => self.fill(pid, regs, &[(regs.rsi, &[0; 144])], 0),
            libc::SYS_sysinfo => {
                let info = self.sysinfo();
                self.fill(pid, regs, &[(regs.rdi, &info)], 0)
            }
            libc::SYS_getrandom => self.random(pid, regs),
            libc::SYS_sched_getaffinity if regs.rsi < 8 => self.result(pid, regs, -i64::from(libc::EINVAL)),
            libc::SYS_sched_getaffinity => self.fill(pid, regs, &[(regs.rdx, &1u64.to_le_bytes())], 8),
            libc::SYS_sched_setaffinity => self.result(pid, regs, 0),
            libc::SYS_getcpu => self.fill(pid, regs, &[(regs.rdi, &[0; 4]), (regs.rsi, &[0; 4])], 0),
            libc::SYS_uname => {
                let names = self.names();
                self.fill(pid, regs, &[(regs.rdi, &names)], 0)
            }
            libc::SYS_getdents64 => self.directory(pid, regs),
            _ => self.wait(pid, &regs),
        }
    }

    fn realtime(&mut self) -> u64 {
        self.clock.query(libc::CLOCK_REALTIME as u64).unwrap_or(0)
    }

    /// Writes each part (a null address is skipped) and returns `value`; `EFAULT` if the program gave no place for it.
    fn fill(&mut self, pid: pid_t, regs: user_regs_struct, parts: &[(u64, &[u8])], value: i64) -> io::Result<Resume> {
        for (address, bytes) in parts.iter().filter(|(address, _)| *address != 0) {
            if process::write(pid, *address, bytes).is_err() {
                return self.result(pid, regs, -i64::from(libc::EFAULT));
            }
        }
        self.result(pid, regs, value)
    }

    /// The call is not made; the program sees `value`.
    fn result(&mut self, pid: pid_t, mut regs: user_regs_struct, value: i64) -> io::Result<Resume> {
        regs.orig_rax = u64::MAX;
        regs.rax = value as u64;
        process::set_registers(pid, &regs)?;
        Ok(Resume::Continue(0))
    }

    fn random(&mut self, pid: pid_t, regs: user_regs_struct) -> io::Result<Resume> {
        let mut bytes = vec![0; regs.rsi.min(RANDOM_BYTES_MAX) as usize];
        if let Some(task) = self.tasks.get_mut(&pid) {
            task.rng.fill(&mut bytes);
        }
        self.fill(pid, regs, &[(regs.rdi, &bytes)], bytes.len() as i64)
    }

    fn directory(&mut self, pid: pid_t, regs: user_regs_struct) -> io::Result<Resume> {
        let tgid = self.tasks.get(&pid).map_or(pid, |task| task.tgid);
        match self.directories.list(tgid, regs.rdi as i32, regs.rdx as u32 as usize) {
            Ok(Answer::Sorted(bytes)) => self.fill(pid, regs, &[(regs.rsi, &bytes)], bytes.len() as i64),
            Ok(Answer::Error(errno)) => self.result(pid, regs, -i64::from(errno)),
            // No directory, or a bad descriptor: the kernel says so better.
            Err(error) if matches!(error.raw_os_error(), Some(libc::EBADF | libc::ENOTDIR)) => Ok(Resume::Continue(0)),
            Err(error) => {
                self.report.unpin("directoryOrder", format!("a directory could not be sorted: {error}"));
                Ok(Resume::Continue(0))
            }
        }
    }

    fn wait(&mut self, pid: pid_t, regs: &user_regs_struct) -> io::Result<Resume> {
        match waits::begin(pid, &self.clock, regs) {
            Ok(Some(wait)) => {
                if let Some(task) = self.tasks.get_mut(&pid) {
                    task.wait = Some(wait);
                }
                Ok(Resume::ToExit)
            }
            Ok(None) => Ok(Resume::Continue(0)),
            Err(error) => {
                // A bad pointer is the program's own fault, and the kernel's to report.
                if error.raw_os_error() != Some(libc::EFAULT) {
                    self.report.unpin("clock", format!("a deadline could not be rewritten: {error}"));
                }
                Ok(Resume::Continue(0))
            }
        }
    }

    /// `struct sysinfo`: the memory of the request's cap, one process, no load.
    fn sysinfo(&mut self) -> [u8; 112] {
        let uptime = self.clock.query(libc::CLOCK_MONOTONIC as u64).unwrap_or(0) / 1_000_000_000;
        let total = self.request.caps.memory_bytes;
        let mut bytes = [0; 112];
        for (at, value) in [(0, uptime), (32, total), (40, total / 2)] {
            bytes[at..at + 8].copy_from_slice(&u64::to_le_bytes(value));
        }
        bytes[80..82].copy_from_slice(&1u16.to_le_bytes());
        bytes[104..108].copy_from_slice(&1u32.to_le_bytes());
        bytes
    }

    /// `struct utsname`: six fields of 65 bytes.
    fn names(&self) -> [u8; 390] {
        let mut bytes = [0; 390];
        for (index, text) in
            ["Linux", &self.request.hostname, RELEASE, "#1 SMP", "x86_64", "capsule"].into_iter().enumerate()
        {
            let text = &text.as_bytes()[..text.len().min(64)];
            bytes[index * 65..index * 65 + text.len()].copy_from_slice(text);
        }
        bytes
    }
}

/// The source of non-determinism that a call touches.
fn source(call: c_long) -> &'static str {
    match call {
        libc::SYS_clock_gettime | libc::SYS_gettimeofday | libc::SYS_time | libc::SYS_clock_getres => "clock",
        libc::SYS_times | libc::SYS_getrusage => "cpuTime",
        libc::SYS_sysinfo | libc::SYS_uname => "machine",
        libc::SYS_getrandom => "random",
        libc::SYS_sched_getaffinity | libc::SYS_sched_setaffinity | libc::SYS_getcpu => "affinity",
        libc::SYS_getdents64 => "directoryOrder",
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => "sleep",
        libc::SYS_setitimer | libc::SYS_alarm | libc::SYS_timer_settime | libc::SYS_timerfd_settime => "timer",
        _ => "timedWait",
    }
}
