//! The capsule's clock: it starts at the request's epoch and moves only when it is asked, or when a wait runs out.

use crate::request::Clock;

/// Uptime at the start, so that no program finds itself at boot.
const UPTIME_NS: u64 = 1_000_000_000_000;
const NS_PER_S: u64 = 1_000_000_000;

pub struct VirtualClock {
    epoch_ns: u64,
    tick_ns: u64,
    elapsed_ns: u64,
}

impl VirtualClock {
    pub fn new(clock: Clock) -> Self {
        Self { epoch_ns: clock.epoch_ns, tick_ns: clock.tick_ns, elapsed_ns: 0 }
    }

    /// One query of clock `id`, in nanoseconds; `None` for an id that the kernel would refuse.
    pub fn query(&mut self, id: u64) -> Option<u64> {
        self.elapsed_ns = self.elapsed_ns.saturating_add(self.tick_ns);
        self.now(id)
    }

    /// Without moving it.
    pub fn now(&self, id: u64) -> Option<u64> {
        match id as i32 {
            libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_REALTIME_ALARM | libc::CLOCK_TAI => {
                Some(self.epoch_ns.saturating_add(self.elapsed_ns))
            }
            libc::CLOCK_PROCESS_CPUTIME_ID | libc::CLOCK_THREAD_CPUTIME_ID => Some(self.elapsed_ns),
            // Per-process CPU clocks carry the complement of a pid.
            negative if negative < 0 => Some(self.elapsed_ns),
            0..=11 => Some(UPTIME_NS + self.elapsed_ns),
            _ => None,
        }
    }

    pub fn elapsed_ns(&self) -> u64 {
        self.elapsed_ns
    }

    /// A wait that began at `elapsed_ns` has run out: the clock is at least there.
    pub fn reach(&mut self, elapsed_ns: u64) {
        self.elapsed_ns = self.elapsed_ns.max(elapsed_ns);
    }
}

pub fn to_timespec(ns: u64) -> [u8; 16] {
    pair(ns / NS_PER_S, ns % NS_PER_S)
}

pub fn to_timeval(ns: u64) -> [u8; 16] {
    pair(ns / NS_PER_S, ns % NS_PER_S / 1000)
}

fn pair(first: u64, second: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&first.to_le_bytes());
    bytes[8..].copy_from_slice(&second.to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_moves_it_by_one_tick_and_all_clocks_agree() {
        let mut clock = VirtualClock::new(Clock { epoch_ns: 5 * NS_PER_S, tick_ns: 7 });
        assert_eq!(clock.query(0), Some(5 * NS_PER_S + 7));
        assert_eq!(clock.query(1), Some(UPTIME_NS + 14));
        assert_eq!(clock.query(2), Some(21));
        assert_eq!(clock.query(99), None);
        clock.reach(10);
        assert_eq!(clock.elapsed_ns(), 28, "it never goes back");
        clock.reach(NS_PER_S);
        assert_eq!(to_timespec(clock.now(0).unwrap()), pair(6, 0));
        assert_eq!(to_timeval(1_500_000), pair(0, 1500));
    }
}
