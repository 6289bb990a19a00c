//! The seeded generator behind everything random that the program sees.

/// SplitMix64 (Steele, Lea, Flood: *Fast splittable pseudorandom number generators*, OOPSLA 2014). Not for secrets:
/// a capsule's randomness is public by design, since the witness carries the seed.
#[derive(Debug, Clone)]
pub struct SplitMix64(u64);

impl SplitMix64 {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream of its own for each `(seed, purpose, ordinal)`, so that one thread's draws do not move another's.
    pub fn stream(seed: u64, purpose: u64, ordinal: u64) -> Self {
        let mut mixer = Self::new(seed);
        let mut keyed = Self::new(mixer.next() ^ purpose);
        Self::new(keyed.next().wrapping_add(ordinal.wrapping_mul(0xD1B5_4A32_D192_ED03)))
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_outputs_are_those_of_the_reference_implementation() {
        let mut rng = SplitMix64::new(1_234_567);
        assert_eq!([rng.next(), rng.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn streams_differ_by_seed_purpose_and_ordinal_and_repeat() {
        let first = |seed, purpose, ordinal| SplitMix64::stream(seed, purpose, ordinal).next();
        let mut seen = std::collections::BTreeSet::new();
        for key in [(1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2)] {
            assert!(seen.insert(first(key.0, key.1, key.2)));
            assert_eq!(first(key.0, key.1, key.2), first(key.0, key.1, key.2));
        }
    }
}
