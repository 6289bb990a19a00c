//! The guard, which ends a capsule, and the watch, a thread that drains its output, feeds its random device and
//! enforces the caps for which no kernel mechanism is at hand.

use crate::control::{check, check_size};
use crate::limits::WATCH_INTERVAL_MS;
use crate::outcome::Cap;
use crate::request::Caps;
use crate::rng::SplitMix64;
use libc::{c_int, pid_t};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

#[derive(Default)]
struct CpuTimes {
    /// Process → nanoseconds at the last look.
    running: BTreeMap<pid_t, u64>,
    ended_ns: u64,
}

/// Shared by tracer and watch.
pub struct Guard {
    init: OwnedFd,
    cap: AtomicU8,
    started: OnceLock<Instant>,
    cpu: Mutex<CpuTimes>,
    done: OwnedFd,
}

impl Guard {
    pub fn new(init: pid_t) -> io::Result<Self> {
        // SAFETY: both descriptors are owned from here on.
        unsafe {
            Ok(Self {
                init: OwnedFd::from_raw_fd(check(libc::syscall(libc::SYS_pidfd_open, init, 0) as c_int)?),
                cap: AtomicU8::new(0),
                started: OnceLock::new(),
                cpu: Mutex::default(),
                done: OwnedFd::from_raw_fd(check(libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK))?),
            })
        }
    }

    /// Kills process 1 of the capsule, and so all of it.
    pub fn kill(&self) {
        // SAFETY: no pointers but the null one are passed.
        unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.init.as_raw_fd(),
                libc::SIGKILL,
                std::ptr::null::<libc::siginfo_t>(),
                0,
            )
        };
    }

    /// Ends the run because of `cap`, unless another cap has.
    pub fn end_by(&self, cap: Cap) {
        self.note(cap);
        self.kill();
    }

    /// A limit of the kernel's has told the program itself.
    pub fn note(&self, cap: Cap) {
        let _ = self.cap.compare_exchange(0, cap as u8, Ordering::AcqRel, Ordering::Acquire);
    }

    pub fn cap(&self) -> Option<Cap> {
        let hit = self.cap.load(Ordering::Acquire);
        Cap::ALL.into_iter().find(|cap| *cap as u8 == hit)
    }

    /// The program's first instruction: its time runs from here.
    pub fn start(&self) {
        let _ = self.started.set(Instant::now());
    }

    pub fn elapsed_ms(&self) -> f64 {
        self.started.get().map_or(0.0, |start| start.elapsed().as_secs_f64() * 1e3)
    }

    pub fn add(&self, process: pid_t) {
        self.cpu().running.insert(process, 0);
    }

    pub fn remove(&self, process: pid_t) {
        let mut cpu = self.cpu();
        cpu.ended_ns += cpu.running.remove(&process).unwrap_or(0);
    }

    /// Nothing of the capsule is left.
    pub fn finish(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: the pointer and length are those of `one`.
        unsafe { libc::write(self.done.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    fn cpu(&self) -> std::sync::MutexGuard<'_, CpuTimes> {
        self.cpu.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Watch {
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
    /// The writing end of the capsule's random device.
    pub random: File,
    pub stream: SplitMix64,
    /// The capsule's working directory.
    pub disk: File,
    pub caps: Caps,
}

#[derive(Default)]
pub struct Drained {
    pub stdout: Output,
    pub stderr: Output,
    /// Bytes that the program took from its random device.
    pub random_bytes: u64,
}

#[derive(Default)]
pub struct Output {
    pub bytes: Vec<u8>,
    pub truncated: bool,
    ended: bool,
}

impl Watch {
    /// Runs until the guard says that it is finished and both streams have ended.
    pub fn run(mut self, guard: &Guard) -> Drained {
        let mut drained = Drained::default();
        let mut written = self.feed().unwrap_or(0);
        let mut last_look = Instant::now();
        let (mut done, mut full) = (false, true);
        while !(done && drained.stdout.ended && drained.stderr.ended) {
            let shown = |fd: c_int, show: bool| if show { fd } else { -1 };
            let mut polled = [
                (shown(self.stdout.as_raw_fd(), !drained.stdout.ended), libc::POLLIN),
                (shown(self.stderr.as_raw_fd(), !drained.stderr.ended), libc::POLLIN),
                (shown(guard.done.as_raw_fd(), !done), libc::POLLIN),
                (shown(self.random.as_raw_fd(), full), libc::POLLOUT),
            ]
            .map(|(fd, events)| libc::pollfd { fd, events, revents: 0 });
            // SAFETY: the array lives through the call.
            unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as u64, WATCH_INTERVAL_MS) };
            let ready = polled.map(|entry| entry.revents != 0);
            for (index, fd, output) in [(0, &self.stdout, &mut drained.stdout), (1, &self.stderr, &mut drained.stderr)]
            {
                if ready[index] && output.drain(fd, self.caps.output_bytes) {
                    guard.end_by(Cap::Output);
                }
            }
            done |= ready[2];
            if ready[3] {
                // Zero bytes: the pipe has room, but less than the kernel wants to wake for.
                let fed = self.feed().unwrap_or(0);
                full = fed > 0;
                written += fed;
            }
            if last_look.elapsed().as_millis() as i32 >= WATCH_INTERVAL_MS {
                last_look = Instant::now();
                full = true;
                self.look(guard);
            }
        }
        self.look_at_disk(guard);
        drained.random_bytes = written - self.unread().min(written);
        drained
    }

    /// Fills the random device's pipe; how many bytes went in.
    fn feed(&mut self) -> io::Result<u64> {
        let mut total = 0;
        loop {
            let ahead = self.stream.clone();
            // Whole words, and no more than always goes in at once, so that the stream never loses a part of one.
            let mut chunk = [0u8; libc::PIPE_BUF];
            self.stream.fill(&mut chunk);
            // SAFETY: the pointer and length are those of `chunk`.
            let sent = unsafe { libc::write(self.random.as_raw_fd(), chunk.as_ptr().cast(), chunk.len()) };
            match check_size(sent) {
                Ok(size) => total += size as u64,
                Err(error) => {
                    self.stream = ahead;
                    return if error.kind() == io::ErrorKind::WouldBlock { Ok(total) } else { Err(error) };
                }
            }
        }
    }

    fn unread(&self) -> u64 {
        let mut size: c_int = 0;
        // SAFETY: `size` lives through the call.
        unsafe { libc::ioctl(self.random.as_raw_fd(), libc::FIONREAD, &mut size) };
        size as u64
    }

    fn look(&self, guard: &Guard) {
        if guard.elapsed_ms() >= self.caps.wall_ms as f64 {
            guard.end_by(Cap::Wall);
        }
        let mut cpu = guard.cpu();
        let mut resident = 0;
        for (process, spent) in &mut cpu.running {
            *spent = cpu_ns(*process).unwrap_or(*spent);
            resident += resident_bytes(*process).unwrap_or(0);
        }
        let spent_ns = cpu.ended_ns + cpu.running.values().sum::<u64>();
        drop(cpu);
        if resident > self.caps.memory_bytes {
            guard.end_by(Cap::Memory);
        }
        if spent_ns / 1_000_000 >= self.caps.cpu_ms {
            guard.end_by(Cap::Cpu);
        }
        self.look_at_disk(guard);
    }

    /// The program sees `ENOSPC` and may end by itself: the cap is named, nothing is killed.
    fn look_at_disk(&self, guard: &Guard) {
        // SAFETY: an all-zero value is valid for this plain structure, which lives through the call.
        unsafe {
            let mut state: libc::statfs = std::mem::zeroed();
            if libc::fstatfs(self.disk.as_raw_fd(), &mut state) == 0 && (state.f_bfree == 0 || state.f_ffree == 0) {
                guard.note(Cap::Disk);
            }
        }
    }
}

impl Output {
    /// Whether the cap was passed.
    fn drain(&mut self, fd: &OwnedFd, bytes_max: u64) -> bool {
        let mut chunk = [0u8; 64 << 10];
        // SAFETY: the pointer and length are those of `chunk`.
        let size = check_size(unsafe { libc::read(fd.as_raw_fd(), chunk.as_mut_ptr().cast(), chunk.len()) });
        let size = size.unwrap_or(0);
        self.ended = size == 0;
        let room = bytes_max as usize - self.bytes.len();
        self.bytes.extend_from_slice(&chunk[..size.min(room)]);
        self.truncated |= size > room;
        size > room
    }
}

/// CPU time of a whole process, by the clock that `clock_getcpuclockid(3)` names.
fn cpu_ns(process: pid_t) -> Option<u64> {
    const CPUCLOCK_SCHED: i32 = 2;
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` lives through the call.
    check(unsafe { libc::clock_gettime((!process << 3) | CPUCLOCK_SCHED, &mut now) }).ok()?;
    Some(now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64)
}

fn resident_bytes(process: pid_t) -> Option<u64> {
    let mut text = String::new();
    File::open(format!("/proc/{process}/statm")).ok()?.read_to_string(&mut text).ok()?;
    text.split(' ').nth(1)?.parse::<u64>().ok().map(|pages| pages * 4096)
}
