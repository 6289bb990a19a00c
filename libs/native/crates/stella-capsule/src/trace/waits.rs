//! Waits with a deadline. They wait in real time; when one runs out the virtual clock has reached its deadline.
//!
//! A deadline given as a point in (virtual) time is rewritten to the host's clock for the duration of the call.

use super::clock::{VirtualClock, to_timespec};
use crate::process;
use libc::{c_long, pid_t, user_regs_struct};
use std::io;

const NS_PER_S: u64 = 1_000_000_000;

/// What has to be done when the call returns.
pub struct Wait {
    call: c_long,
    /// The virtual clock's reading when the wait has run out.
    due_elapsed_ns: u64,
    /// The program's own deadline, to be put back.
    restore: Option<(u64, [u8; 16])>,
}

enum Deadline {
    In(u64),
    At { address: u64, clock: u64, ns: u64 },
}

/// Looks at a call that is about to wait. `Ok(None)`: nothing to follow. An error: its deadline could not be read or
/// rewritten, which the caller reports.
pub fn begin(pid: pid_t, clock: &VirtualClock, regs: &user_regs_struct) -> io::Result<Option<Wait>> {
    let Some(deadline) = deadline(pid, regs)? else { return Ok(None) };
    let call = regs.orig_rax as c_long;
    let (remaining_ns, restore) = match deadline {
        Deadline::In(ns) => (ns, None),
        Deadline::At { address, clock: id, ns } => {
            let remaining = ns.saturating_sub(clock.now(id).unwrap_or(0));
            let host = host_ns(id)?.saturating_add(remaining);
            process::write(pid, address, &to_timespec(host))?;
            (remaining, Some((address, to_timespec(ns))))
        }
    };
    Ok(Some(Wait { call, due_elapsed_ns: clock.elapsed_ns().saturating_add(remaining_ns), restore }))
}

impl Wait {
    /// The call has returned `result`.
    pub fn end(self, pid: pid_t, clock: &mut VirtualClock, result: i64) -> io::Result<()> {
        let ran_out = match self.call {
            libc::SYS_futex | libc::SYS_mq_timedsend | libc::SYS_mq_timedreceive => {
                result == -i64::from(libc::ETIMEDOUT)
            }
            libc::SYS_rt_sigtimedwait | libc::SYS_semtimedop => result == -i64::from(libc::EAGAIN),
            libc::SYS_timer_settime | libc::SYS_timerfd_settime => false,
            _ => result == 0,
        };
        if ran_out {
            clock.reach(self.due_elapsed_ns);
        }
        self.restore.map_or(Ok(()), |(address, bytes)| process::write(pid, address, &bytes))
    }
}

fn deadline(pid: pid_t, regs: &user_regs_struct) -> io::Result<Option<Deadline>> {
    let after = |address| timespec(pid, address).map(|ns| Some(Deadline::In(ns)));
    let at = |address, clock| timespec(pid, address).map(|ns| Some(Deadline::At { address, clock, ns }));
    let millis = |value: u64| Ok(Some(Deadline::In(u64::from(value as u32) * 1_000_000)));
    const REALTIME: u64 = libc::CLOCK_REALTIME as u64;
    const MONOTONIC: u64 = libc::CLOCK_MONOTONIC as u64;
    match regs.orig_rax as c_long {
        libc::SYS_nanosleep => after(regs.rdi),
        libc::SYS_clock_nanosleep if regs.rsi & libc::TIMER_ABSTIME as u64 == 0 => after(regs.rdx),
        libc::SYS_clock_nanosleep => at(regs.rdx, regs.rdi),
        libc::SYS_futex => match regs.rsi & 0x7f {
            0 => after(regs.r10),
            6 => at(regs.r10, REALTIME),
            _ if regs.rsi & libc::FUTEX_CLOCK_REALTIME as u64 != 0 => at(regs.r10, REALTIME),
            _ => at(regs.r10, MONOTONIC),
        },
        libc::SYS_mq_timedsend | libc::SYS_mq_timedreceive => at(regs.r8, REALTIME),
        libc::SYS_poll => millis(regs.rdx),
        libc::SYS_epoll_wait | libc::SYS_epoll_pwait => millis(regs.r10),
        libc::SYS_epoll_pwait2 | libc::SYS_semtimedop => after(regs.r10),
        libc::SYS_ppoll | libc::SYS_rt_sigtimedwait => after(regs.rdx),
        libc::SYS_pselect6 => after(regs.r8),
        libc::SYS_select => {
            let (s, us) = (process::read_u64(pid, regs.r8)?, process::read_u64(pid, regs.r8 + 8)?);
            Ok(Some(Deadline::In(s.saturating_mul(NS_PER_S).saturating_add(us.saturating_mul(1000)))))
        }
        libc::SYS_timer_settime | libc::SYS_timerfd_settime if regs.rsi & 1 != 0 && regs.rdx != 0 => {
            let address = regs.rdx + 16;
            let ns = timespec(pid, address)?;
            // The clock was named when the timer was made; the two that matter are decades apart.
            let clock = if ns > 100_000_000 * NS_PER_S { REALTIME } else { MONOTONIC };
            if ns == 0 { Ok(None) } else { at(address, clock) }
        }
        _ => Ok(None),
    }
}

fn timespec(pid: pid_t, address: u64) -> io::Result<u64> {
    let (s, ns) = (process::read_u64(pid, address)?, process::read_u64(pid, address + 8)?);
    Ok(s.saturating_mul(NS_PER_S).saturating_add(ns))
}

fn host_ns(clock: u64) -> io::Result<u64> {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` lives through the call.
    crate::control::check(unsafe { libc::clock_gettime(clock as i32, &mut now) })?;
    Ok(now.tv_sec as u64 * NS_PER_S + now.tv_nsec as u64)
}
