//! At the stop after `execve`: the kernel has laid out the new stack, and nothing of the program has run.

use crate::process;
use crate::rng::SplitMix64;
use libc::pid_t;
use std::io;

const AT_IGNORE: u64 = 1;
/// An auxiliary vector is some twenty pairs; arguments and environment are bounded by the request.
const WORDS_MAX: u64 = 1 << 20;

/// What the auxiliary vector looked like after it was rewritten and read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rewritten {
    pub vdso_hidden: bool,
    pub at_random_seeded: bool,
}

/// Hides the vDSO, so that clock queries become system calls, and seeds the 16 bytes of `AT_RANDOM` (stack protector,
/// pointer guard, hash seeds).
pub fn rewrite(pid: pid_t, rng: &mut SplitMix64) -> io::Result<Rewritten> {
    let auxv = auxiliary_vector(pid)?;
    let mut seed = [0; 16];
    rng.fill(&mut seed);
    let mut at = auxv;
    let mut random = None;
    while let (key, value) = pair(pid, at)?
        && key != libc::AT_NULL
    {
        match key {
            libc::AT_SYSINFO_EHDR => process::write(pid, at, &AT_IGNORE.to_le_bytes())?,
            libc::AT_RANDOM => {
                process::write(pid, value, &seed)?;
                random = Some(value);
            }
            _ => {}
        }
        at += 16;
    }
    verify(pid, auxv, random, &seed)
}

fn verify(pid: pid_t, auxv: u64, random: Option<u64>, seed: &[u8; 16]) -> io::Result<Rewritten> {
    let mut at = auxv;
    let mut vdso_hidden = true;
    while let (key, _) = pair(pid, at)?
        && key != libc::AT_NULL
    {
        vdso_hidden &= key != libc::AT_SYSINFO_EHDR;
        at += 16;
    }
    let mut found = [0; 16];
    let at_random_seeded = match random {
        Some(address) => process::read(pid, address, &mut found)? == 16 && found == *seed,
        None => false,
    };
    Ok(Rewritten { vdso_hidden, at_random_seeded })
}

fn auxiliary_vector(pid: pid_t) -> io::Result<u64> {
    let sp = process::registers(pid)?.rsp;
    let argc = process::read_u64(pid, sp)?;
    let mut at = sp + 8 * argc.saturating_add(2).min(WORDS_MAX);
    for _ in 0..WORDS_MAX {
        let word = process::read_u64(pid, at)?;
        at += 8;
        if word == 0 {
            return Ok(at);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn pair(pid: pid_t, at: u64) -> io::Result<(u64, u64)> {
    Ok((process::read_u64(pid, at)?, process::read_u64(pid, at + 8)?))
}
