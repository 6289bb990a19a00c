//! The socket between the supervisor and what it starts: one datagram a message, so none is ever half read.

use libc::{c_int, c_void};
use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// A step of the set-up that failed, with the errno.
#[derive(Debug, PartialEq, Eq)]
pub struct StepFailure {
    pub step: String,
    pub errno: i32,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// The program's process, in the supervisor's pid namespace, stands before `execve`.
    Ready {
        pid: i32,
        tsc_trapped: bool,
    },
    Failed(StepFailure),
    Closed,
}

pub struct Control(OwnedFd);

/// `(supervisor's end, started side's end)`.
pub fn pair() -> io::Result<(Control, Control)> {
    let mut fds = [0 as c_int; 2];
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
    // SAFETY: `fds` has room for the two descriptors; each is owned from here on.
    unsafe {
        check(libc::socketpair(libc::AF_UNIX, kind, 0, fds.as_mut_ptr()))?;
        let ends = (Control(OwnedFd::from_raw_fd(fds[0])), Control(OwnedFd::from_raw_fd(fds[1])));
        let on: c_int = 1;
        check(libc::setsockopt(
            fds[0],
            libc::SOL_SOCKET,
            libc::SO_PASSCRED,
            (&raw const on).cast::<c_void>(),
            size_of::<c_int>() as u32,
        ))?;
        Ok(ends)
    }
}

impl Control {
    pub fn fd(&self) -> c_int {
        self.0.as_raw_fd()
    }

    pub fn send_go(&self) -> io::Result<()> {
        self.send(b"G")
    }

    pub fn send_ready(&self, tsc_trapped: bool) -> io::Result<()> {
        self.send(&[b'P', u8::from(tsc_trapped)])
    }

    pub fn send_failure(&self, step: &str, errno: i32) -> io::Result<()> {
        self.send(format!("F{errno} {step}").as_bytes())
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        // SAFETY: the pointer and length are those of `bytes`.
        check_size(unsafe { libc::send(self.fd(), bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) }).map(drop)
    }

    /// Waits for the supervisor's word; an error when the supervisor is gone.
    pub fn wait_go(&self) -> io::Result<()> {
        let mut byte = [0u8; 1];
        // SAFETY: `byte` has room for the one byte.
        match check_size(unsafe { libc::recv(self.fd(), byte.as_mut_ptr().cast(), 1, 0) })? {
            1 => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Receives a message with the sender's pid, which the kernel translates to this side's namespace.
    ///
    /// Errors: `TimedOut` when nothing came within `timeout_ms`.
    pub fn receive(&self, timeout_ms: c_int) -> io::Result<Message> {
        let mut poll = libc::pollfd { fd: self.fd(), events: libc::POLLIN, revents: 0 };
        let mut body = [0u8; 512];
        let mut control = [0u64; 16];
        // SAFETY: every pointer is to a live local of the stated size; the control buffer is aligned for `cmsghdr`.
        unsafe {
            if check(libc::poll(&mut poll, 1, timeout_ms))? == 0 {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let mut part = libc::iovec { iov_base: body.as_mut_ptr().cast(), iov_len: body.len() };
            let mut header: libc::msghdr = zeroed();
            header.msg_iov = &mut part;
            header.msg_iovlen = 1;
            header.msg_control = control.as_mut_ptr().cast();
            header.msg_controllen = size_of::<[u64; 16]>() as _;
            let size = check_size(libc::recvmsg(self.fd(), &mut header, libc::MSG_CMSG_CLOEXEC))?;
            let mut pid = 0;
            let first = libc::CMSG_FIRSTHDR(&header);
            if !first.is_null() && (*first).cmsg_type == libc::SCM_CREDENTIALS {
                pid = libc::CMSG_DATA(first).cast::<libc::ucred>().read_unaligned().pid;
            }
            Ok(decode(&body[..size], pid))
        }
    }
}

fn decode(body: &[u8], pid: i32) -> Message {
    match body.split_first() {
        Some((b'P', rest)) => Message::Ready { pid, tsc_trapped: rest == [1] },
        Some((_, rest)) => {
            let text = String::from_utf8_lossy(rest);
            let (errno, step) = text.split_once(' ').unwrap_or(("0", &text));
            Message::Failed(StepFailure { step: step.into(), errno: errno.parse().unwrap_or(0) })
        }
        None => Message::Closed,
    }
}

/// `-1` becomes the thread's errno.
pub fn check(result: c_int) -> io::Result<c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

pub fn check_size(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_whole_and_with_the_senders_pid() {
        let (supervisor, started) = pair().unwrap();
        started.send_ready(true).unwrap();
        started.send_failure("mount /usr", 13).unwrap();
        let own = std::process::id() as i32;
        assert_eq!(supervisor.receive(1000).unwrap(), Message::Ready { pid: own, tsc_trapped: true });
        let failed = StepFailure { step: "mount /usr".into(), errno: 13 };
        assert_eq!(supervisor.receive(1000).unwrap(), Message::Failed(failed));
        assert_eq!(supervisor.receive(1).unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(started);
        assert_eq!(supervisor.receive(1000).unwrap(), Message::Closed);
    }

    #[test]
    fn a_side_that_waits_learns_that_the_other_is_gone() {
        let (supervisor, started) = pair().unwrap();
        drop(supervisor);
        assert!(started.wait_go().is_err());
    }
}
