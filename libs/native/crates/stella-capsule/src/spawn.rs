//! Starts a capsule: namespaces, id maps, and the hand-over to the tracer.

use crate::control::{self, Control, Message, check};
use crate::inputs::Inputs;
use crate::jail::{self, Plan};
use crate::limits::HANDSHAKE_TIMEOUT_MS;
use crate::process;
use crate::request::Request;
use crate::trace::OPTIONS;
use libc::{c_int, pid_t};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use stella_frame::Failure;

/// Name and flag of every namespace of I1.
pub const NAMESPACES: [(&str, c_int); 6] = [
    ("user", libc::CLONE_NEWUSER),
    ("pid", libc::CLONE_NEWPID),
    ("mount", libc::CLONE_NEWNS),
    ("net", libc::CLONE_NEWNET),
    ("uts", libc::CLONE_NEWUTS),
    ("ipc", libc::CLONE_NEWIPC),
];

/// `nobody`: owns nothing on the host. What the program is there, when the supervisor is root.
const HOST_ID: u32 = 65_534;

/// A program that stands before `execve`, traced.
pub struct Spawned {
    pub init: pid_t,
    pub main: pid_t,
    pub tsc_trapped: bool,
    pub control: Control,
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
}

/// Errors: `ISOLATION_UNAVAILABLE` (with the step, or the namespaces that are missing), `PTRACE_UNAVAILABLE`,
/// `CAPSULE_FAILED`.
pub fn spawn(request: &Request, inputs: &Inputs) -> Result<Spawned, Failure> {
    let (ours, theirs) = control::pair().map_err(|error| internal("socketpair", &error))?;
    let (stdout, stdout_write) = pipe().map_err(|error| internal("pipe", &error))?;
    let (stderr, stderr_write) = pipe().map_err(|error| internal("pipe", &error))?;
    let stdin = stdin_file(&inputs.stdin).map_err(|error| internal("memfd", &error))?;
    // SAFETY: plain system calls.
    let (is_root, cpu) = unsafe { (libc::geteuid() == 0, libc::sched_getcpu().max(0) as usize) };
    let stdio = [stdin.as_raw_fd(), stdout_write.as_raw_fd(), stderr_write.as_raw_fd()];
    let plan = Plan { request, files: &inputs.files, stdio, cpu, several_ids: is_root };

    let flags = NAMESPACES.iter().fold(libc::SIGCHLD, |flags, (_, flag)| flags | flag);
    // SAFETY: the supervisor is single-threaded here, so the copy may go on as after `fork`.
    let init = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) } as pid_t;
    if init == 0 {
        drop(ours);
        jail::run_init(&plan, &theirs);
    }
    if init < 0 {
        return Err(namespaces_missing(&io::Error::last_os_error()));
    }
    drop(theirs);
    let spawned = Spawned { init, main: 0, tsc_trapped: false, control: ours, stdout, stderr };
    introduce(request, spawned, is_root).inspect_err(|_| {
        // SAFETY: `init` is this process's own child, not yet reaped.
        unsafe {
            libc::kill(init, libc::SIGKILL);
            libc::waitpid(init, std::ptr::null_mut(), 0);
        }
    })
}

fn introduce(request: &Request, mut spawned: Spawned, is_root: bool) -> Result<Spawned, Failure> {
    map_ids(spawned.init, request, is_root).map_err(|error| isolation("write the id maps", &error))?;
    spawned.control.send_go().map_err(|error| isolation("start", &error))?;
    match spawned.control.receive(HANDSHAKE_TIMEOUT_MS) {
        Ok(Message::Ready { pid, tsc_trapped }) => (spawned.main, spawned.tsc_trapped) = (pid, tsc_trapped),
        Ok(Message::Failed(failed)) => {
            return Err(isolation(&failed.step, &io::Error::from_raw_os_error(failed.errno)));
        }
        Ok(Message::Closed) => return Err(isolation("start", &io::ErrorKind::UnexpectedEof.into())),
        Err(error) => return Err(isolation("wait for the program", &error)),
    }
    process::ptrace(libc::PTRACE_SEIZE, spawned.main, 0, OPTIONS as u64).map_err(|error| {
        Failure::new("PTRACE_UNAVAILABLE", "the program could not be traced", "allow ptrace of own children")
            .fact("cause", error)
    })?;
    Ok(spawned)
}

/// As root, the program becomes a user that owns nothing; anyone else can only be themselves.
fn map_ids(init: pid_t, request: &Request, is_root: bool) -> io::Result<()> {
    let write = |name: &str, text: String| {
        std::fs::OpenOptions::new().write(true).open(format!("/proc/{init}/{name}"))?.write_all(text.as_bytes())
    };
    // SAFETY: plain system calls.
    let (uid, gid) = unsafe { (libc::geteuid(), libc::getegid()) };
    if is_root {
        write("uid_map", format!("0 {uid} 1\n{} {HOST_ID} 1\n", request.uid))?;
        return write("gid_map", format!("0 {gid} 1\n{} {HOST_ID} 1\n", request.gid));
    }
    write("setgroups", "deny".into())?;
    write("uid_map", format!("{} {uid} 1\n", request.uid))?;
    write("gid_map", format!("{} {gid} 1\n", request.gid))
}

/// A file rather than a pipe: a read returns all that it asks for, every time.
fn stdin_file(bytes: &[u8]) -> io::Result<OwnedFd> {
    // SAFETY: the name is NUL-terminated; the descriptor is owned from here on.
    let fd = unsafe { OwnedFd::from_raw_fd(check(libc::memfd_create(c"stdin".as_ptr(), libc::MFD_CLOEXEC))?) };
    let mut file = File::from(fd);
    file.write_all(bytes)?;
    // SAFETY: plain system call on an owned descriptor.
    check(unsafe { libc::lseek(file.as_raw_fd(), 0, libc::SEEK_SET) } as c_int)?;
    Ok(file.into())
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0; 2];
    // SAFETY: `fds` has room for both descriptors, which are owned from here on.
    unsafe {
        check(libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC))?;
        Ok((OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])))
    }
}

fn namespaces_missing(error: &io::Error) -> Failure {
    let missing: Vec<_> = crate::probe::namespaces().into_iter().filter(|(_, state)| state != "available").collect();
    let names = missing.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    isolation("clone", error).fact("missing", names)
}

fn isolation(step: &str, error: &io::Error) -> Failure {
    Failure::new(
        "ISOLATION_UNAVAILABLE",
        format!("I1 could not be set up: {step}: {error}"),
        "run `stella-native capsule probe`, and allow what it finds missing; nothing was run",
    )
    .fact("step", step)
    .fact("cause", error)
}

pub fn internal(step: &str, error: &io::Error) -> Failure {
    Failure::new("CAPSULE_FAILED", format!("{step}: {error}"), "try again; report it if it stays").fact("step", step)
}
