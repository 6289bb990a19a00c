//! The tracer: follows every thread and process of the capsule, and answers what the filter stops.

mod answer;
mod clock;
mod directory;
mod exec;
mod report;
mod signals;
mod verify;
mod waits;

pub use report::{PINNED, Report};

use crate::outcome::{Cap, Exit};
use crate::process::{self, PTRACE_EVENT_STOP, Status};
use crate::request::Request;
use crate::rng::SplitMix64;
use crate::stack;
use crate::watch::Guard;
use clock::VirtualClock;
use directory::Directories;
use libc::pid_t;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::Instant;
use waits::Wait;

pub const OPTIONS: i32 = libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEEXEC
    | libc::PTRACE_O_TRACEEXIT
    | libc::PTRACE_O_TRACESECCOMP
    | libc::PTRACE_O_EXITKILL;

/// Purposes of seeded streams: one each, so that no draw moves another's.
const RANDOM_OF_TASK: u64 = 1;
const RANDOM_OF_IMAGE: u64 = 2;
pub const RANDOM_OF_DEVICE: u64 = 3;

struct Task {
    tgid: pid_t,
    rng: SplitMix64,
    wait: Option<Wait>,
}

/// How a stopped task goes on.
enum Resume {
    /// With this signal, or none.
    Continue(i32),
    /// To the end of the system call that it is about to make.
    ToExit,
    /// Stays stopped, as a whole process does after `SIGSTOP`.
    Listen,
}

pub struct Tracer<'a> {
    request: &'a Request,
    guard: &'a Guard,
    main: pid_t,
    init: pid_t,
    tsc_trapped: bool,
    tasks: BTreeMap<pid_t, Task>,
    clock: VirtualClock,
    directories: Directories,
    images: u64,
    /// Stops that were met while a stack was read.
    deferred: VecDeque<stack::Deferred>,
    began: Instant,
    report: Report,
}

impl<'a> Tracer<'a> {
    /// `main` is seized and stands before `execve`; `began` is when the request came in.
    pub fn new(request: &'a Request, guard: &'a Guard, main: pid_t, init: pid_t, tsc: bool, began: Instant) -> Self {
        let clock = VirtualClock::new(request.clock);
        let mut tracer = Self {
            request,
            guard,
            main,
            init,
            tsc_trapped: tsc,
            tasks: BTreeMap::new(),
            clock,
            directories: Directories::default(),
            images: 0,
            deferred: VecDeque::new(),
            began,
            report: Report::default(),
        };
        tracer.adopt(main, main);
        tracer
    }

    /// Runs until nothing of the capsule is left.
    pub fn run(mut self) -> Report {
        loop {
            // SAFETY: an all-zero value is valid for this plain structure.
            let (mut status, mut usage) = (0, unsafe { std::mem::zeroed::<libc::rusage>() });
            let pid = match self.deferred.pop_front() {
                Some((pid, met)) => {
                    status = met;
                    pid
                }
                // SAFETY: both out-parameters live through the call.
                None => unsafe { libc::wait4(-1, &mut status, libc::__WALL, &mut usage) },
            };
            if pid < 0 {
                if io::Error::last_os_error().raw_os_error() == Some(libc::EINTR) {
                    continue;
                }
                break;
            }
            if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
                self.ended(pid, status, &usage);
                continue;
            }
            self.report.stops += 1;
            // A task that was killed while it was stopped answers ESRCH; its end is reported next.
            let resume = self.stopped(pid, status).unwrap_or(Resume::Continue(0));
            let (request, signal) = match resume {
                Resume::Continue(signal) => (libc::PTRACE_CONT, signal),
                Resume::ToExit => (libc::PTRACE_SYSCALL, 0),
                Resume::Listen => (libc::PTRACE_LISTEN, 0),
            };
            let _ = process::ptrace(request, pid, 0, signal as u64);
        }
        self.report
    }

    fn adopt(&mut self, pid: pid_t, tgid: pid_t) {
        if self.tasks.contains_key(&pid) {
            return;
        }
        let ordinal = self.report.threads;
        self.report.threads += 1;
        if ordinal > 0 {
            self.count(if pid == tgid { "process" } else { "thread" });
        }
        let rng = SplitMix64::stream(self.request.seeds.random, RANDOM_OF_TASK, ordinal);
        self.tasks.insert(pid, Task { tgid, rng, wait: None });
        if pid == tgid {
            self.guard.add(pid);
        }
        if self.tasks.len() as u64 > self.request.caps.pids {
            self.guard.end_by(Cap::Pids);
        }
    }

    fn ended(&mut self, pid: pid_t, status: i32, usage: &libc::rusage) {
        self.tasks.remove(&pid);
        self.guard.remove(pid);
        if pid == self.init {
            return;
        }
        if pid == self.main {
            let exit = match libc::WIFEXITED(status) {
                true => Exit::Code(libc::WEXITSTATUS(status)),
                false => Exit::Signal(libc::WTERMSIG(status)),
            };
            self.report.exit = Some(exit);
            match exit {
                Exit::Signal(libc::SIGXCPU) => self.guard.note(Cap::Cpu),
                Exit::Signal(libc::SIGXFSZ) => self.guard.note(Cap::Disk),
                _ => {}
            }
            let ms = |time: libc::timeval| time.tv_sec as f64 * 1e3 + time.tv_usec as f64 / 1e3;
            self.report.cpu_ms = ms(usage.ru_utime) + ms(usage.ru_stime);
            // What the program left running ends with it.
            self.guard.kill();
        }
        self.report.max_rss_bytes = self.report.max_rss_bytes.max(usage.ru_maxrss as u64 * 1024);
    }

    fn stopped(&mut self, pid: pid_t, status: i32) -> io::Result<Resume> {
        let (signal, event) = (libc::WSTOPSIG(status), status >> 16);
        if !self.tasks.contains_key(&pid) {
            let tgid = Status::read(pid)?.tgid().unwrap_or(pid);
            self.adopt(pid, tgid);
        }
        match event {
            libc::PTRACE_EVENT_SECCOMP => match process::event_message(pid)? {
                2 => self.refuse(pid),
                _ => self.answer(pid),
            },
            libc::PTRACE_EVENT_EXEC => self.replaced(pid),
            libc::PTRACE_EVENT_EXIT => {
                self.note_modules(pid);
                Ok(Resume::Continue(0))
            }
            PTRACE_EVENT_STOP => Ok(match signal {
                libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => Resume::Listen,
                _ => Resume::Continue(0),
            }),
            0 if signal == libc::SIGTRAP | 0x80 => self.returned(pid),
            0 => self.signalled(pid, signal),
            _ => Ok(Resume::Continue(0)),
        }
    }

    /// Task `pid` is at the end of a wait that is followed.
    fn returned(&mut self, pid: pid_t) -> io::Result<Resume> {
        if let Some(wait) = self.tasks.get_mut(&pid).and_then(|task| task.wait.take()) {
            let result = process::registers(pid)?.rax as i64;
            if let Err(error) = wait.end(pid, &mut self.clock, result) {
                self.report.unpin("clock", format!("a deadline could not be put back: {error}"));
            }
        }
        Ok(Resume::Continue(0))
    }

    /// Task `pid` has a new image; the thread that asked for it had another id if it was not the leader.
    fn replaced(&mut self, pid: pid_t) -> io::Result<Resume> {
        let former = process::event_message(pid)? as pid_t;
        if former != pid {
            self.tasks.remove(&former);
        }
        if let Some(task) = self.tasks.get_mut(&pid) {
            task.wait = None;
        }
        let mut rng = SplitMix64::stream(self.request.seeds.random, RANDOM_OF_IMAGE, self.images);
        self.images += 1;
        match exec::rewrite(pid, &mut rng) {
            Ok(done) => {
                self.report.pin("vdso", done.vdso_hidden, "the auxiliary vector still shows it");
                self.report.pin("atRandom", done.at_random_seeded, "the auxiliary vector has no AT_RANDOM");
            }
            Err(error) => {
                for name in ["vdso", "atRandom"] {
                    self.report.unpin(name, format!("the new image's stack could not be rewritten: {error}"));
                }
            }
        }
        self.verify(pid);
        if self.report.started_ms.is_none() {
            self.report.started_ms = Some(self.began.elapsed().as_secs_f64() * 1e3);
            self.guard.start();
        }
        Ok(Resume::Continue(0))
    }

    fn note_modules(&mut self, pid: pid_t) {
        if self.report.modules.is_empty() && self.tasks.get(&pid).is_some_and(|task| task.tgid == self.main) {
            self.report.modules = stack::modules_of(self.main);
        }
    }

    fn count(&mut self, source: &'static str) {
        *self.report.non_determinism.entry(source).or_default() += 1;
    }
}
