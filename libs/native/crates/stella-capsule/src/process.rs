//! Memory, registers and `/proc` facts of a traced process.

use crate::control::check_size;
use libc::{c_uint, c_void, pid_t, user_regs_struct};
use std::io;
use std::mem::MaybeUninit;

pub const PTRACE_EVENT_STOP: i32 = 128;

/// `ptrace(2)` with plain numbers; the requests used here take no pointer but through the functions below.
pub fn ptrace(request: c_uint, pid: pid_t, address: u64, data: u64) -> io::Result<()> {
    // SAFETY: callers pass requests whose `data` is a number, or go through `registers` and `set_registers`.
    crate::control::check(unsafe { libc::ptrace(request, pid, address, data) } as i32).map(drop)
}

pub fn registers(pid: pid_t) -> io::Result<user_regs_struct> {
    let mut registers = MaybeUninit::<user_regs_struct>::uninit();
    ptrace(libc::PTRACE_GETREGS, pid, 0, registers.as_mut_ptr() as u64)?;
    // SAFETY: the kernel filled the structure, since the call succeeded.
    Ok(unsafe { registers.assume_init() })
}

pub fn set_registers(pid: pid_t, registers: &user_regs_struct) -> io::Result<()> {
    ptrace(libc::PTRACE_SETREGS, pid, 0, std::ptr::from_ref(registers) as u64)
}

pub fn event_message(pid: pid_t) -> io::Result<u64> {
    let mut message = 0u64;
    ptrace(libc::PTRACE_GETEVENTMSG, pid, 0, &raw mut message as u64)?;
    Ok(message)
}

pub fn signal_info(pid: pid_t) -> io::Result<libc::siginfo_t> {
    let mut info = MaybeUninit::<libc::siginfo_t>::uninit();
    ptrace(libc::PTRACE_GETSIGINFO, pid, 0, info.as_mut_ptr() as u64)?;
    // SAFETY: the kernel filled the structure, since the call succeeded.
    Ok(unsafe { info.assume_init() })
}

/// Reads up to `bytes.len()` bytes; fewer where the mapping ends.
pub fn read(pid: pid_t, address: u64, bytes: &mut [u8]) -> io::Result<usize> {
    let local = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    let remote = libc::iovec { iov_base: address as *mut c_void, iov_len: bytes.len() };
    // SAFETY: `local` describes `bytes`; the kernel checks the remote side.
    check_size(unsafe { libc::process_vm_readv(pid, &local, 1, &remote, 1, 0) })
}

pub fn read_u64(pid: pid_t, address: u64) -> io::Result<u64> {
    let mut bytes = [0; 8];
    match read(pid, address, &mut bytes)? {
        8 => Ok(u64::from_le_bytes(bytes)),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Writes all of `bytes`, where the program itself could.
pub fn write(pid: pid_t, address: u64, bytes: &[u8]) -> io::Result<()> {
    let local = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let remote = libc::iovec { iov_base: address as *mut c_void, iov_len: bytes.len() };
    // SAFETY: `local` describes `bytes`, which the kernel only reads; it checks the remote side.
    match check_size(unsafe { libc::process_vm_writev(pid, &local, 1, &remote, 1, 0) })? {
        written if written == bytes.len() => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// `/proc/<pid>/status`, read once.
pub struct Status(String);

impl Status {
    pub fn read(pid: pid_t) -> io::Result<Self> {
        std::fs::read_to_string(format!("/proc/{pid}/status")).map(Self)
    }

    pub fn field(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }

    pub fn tgid(&self) -> Option<pid_t> {
        self.field("Tgid")?.parse().ok()
    }

    /// The id in the innermost pid namespace: what the program itself sees.
    pub fn inner_pid(&self) -> Option<pid_t> {
        self.field("NSpid")?.split_whitespace().last()?.parse().ok()
    }

    pub fn mask(&self, name: &str) -> u64 {
        self.field(name).and_then(|text| u64::from_str_radix(text, 16).ok()).unwrap_or(0)
    }
}
