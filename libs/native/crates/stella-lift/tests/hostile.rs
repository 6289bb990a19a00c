//! Damaged and lying files end in a typed failure or in a lift that adds up, never in a panic.

mod common;
use common::{compile, try_lift};
use stella_lift::{Limits, index_bytes};

const SOURCE: &str = r#"
#include <stdio.h>
static const char *names[] = {"one", "two", "three", "four"};
__attribute__((noinline)) int pick(int x) { switch (x) { case 0: return 5; case 1: return 7; case 2: return 1; case 3: return 4; case 4: return 9; } return x; }
int main(int c, char **v) { printf("%s %d\n", names[c % 4], pick(c)); return 0; }
"#;

const REASONS: &[&str] = &["INPUT_NOT_ELF", "INPUT_TRUNCATED", "ARCH_UNSUPPORTED", "LIMIT_FUNCTIONS", "LIMIT_UNITS", "LIMIT_REFERENCES", "LIMIT_MEMORY"];

/// xorshift64*: the same mutants on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize) % below
    }
}

fn check(bytes: &[u8], what: impl Fn() -> String) -> bool {
    let outcome = std::panic::catch_unwind(|| try_lift(bytes));
    match outcome {
        Ok(Ok(lifted)) => {
            let total: u64 = lifted.leaves.values().map(|(_, v)| v["size"].as_u64().unwrap()).sum();
            assert_eq!(Some(total), lifted.end["bytesLoaded"].as_u64(), "{}", what());
            // What can be lifted has an index: identifiers are unique, whatever the file says.
            index_bytes(bytes, &Limits::default(), Vec::new(), &mut std::io::sink()).unwrap_or_else(|failure| panic!("{}: {failure}", what()));
            true
        }
        Ok(Err(failure)) => {
            assert!(REASONS.contains(&failure.reason), "{}: {failure}", what());
            false
        }
        Err(_) => panic!("panicked: {}", what()),
    }
}

fn mutants(seed: u64, base: &[u8], region: std::ops::Range<usize>, count: usize) -> (usize, usize) {
    let mut random = Random(seed);
    let mut lifted = 0;
    for n in 0..count {
        let mut bytes = base.to_vec();
        let mut edits = Vec::new();
        for _ in 0..1 + random.next(4) {
            let at = region.start + random.next(region.len());
            let value = [0, 0xff, 0x7f, 0x80, random.next(256) as u8][random.next(5)];
            bytes[at] = value;
            edits.push((at, value));
        }
        lifted += usize::from(check(&bytes, || format!("seed {seed} mutant {n}: {edits:?}")));
    }
    (lifted, count - lifted)
}

#[test]
fn flipped_bytes_anywhere() {
    for flags in [&[][..], &["-no-pie"]] {
        let base = compile(SOURCE, flags, false);
        let (lifted, _) = mutants(1, &base, 0..base.len(), 600);
        assert!(lifted > 300, "most flips leave a file that can be lifted: {lifted}");
    }
}

#[test]
fn flipped_bytes_in_headers_and_tables() {
    let base = compile(SOURCE, &[], true);
    let (_, refused) = mutants(2, &base, 0..64, 500);
    assert!(refused > 50, "a lying header is refused: {refused}");
    mutants(3, &base, 64..0x400, 700);
    let headers = u64::from_le_bytes(base[40..48].try_into().unwrap()) as usize;
    mutants(4, &base, headers..base.len(), 700);
}

#[test]
fn every_truncation_of_the_headers_and_many_more() {
    let base = compile(SOURCE, &[], true);
    for length in (0..0x400).chain((0x400..base.len()).step_by(97)) {
        assert!(!check(&base[..length], || format!("length {length}")), "length {length}");
    }
}

#[test]
fn what_is_no_x86_64_elf_is_named() {
    let reason = |bytes: &[u8]| try_lift(bytes).unwrap_err().reason;
    assert_eq!(reason(b""), "INPUT_NOT_ELF");
    assert_eq!(reason(b"#!/bin/sh\necho\n"), "INPUT_NOT_ELF");
    assert_eq!(reason(b"\x7fELF"), "INPUT_TRUNCATED");
    let mut arm = compile(SOURCE, &[], true);
    arm[18] = 183;
    assert_eq!(reason(&arm), "ARCH_UNSUPPORTED");
}
