//! F: one-permutation MinHash over 4-grams of instruction codes. It proposes pairs and proves nothing.
//!
//! Source: P. Li, A. Owen, C.-H. Zhang, "One Permutation Hashing", NIPS 2012.

pub const BINS: usize = 32;
/// Shorter functions have too few 4-grams to say anything.
pub const INSTRUCTIONS_MIN: u32 = 5;

#[derive(Debug, Clone)]
pub struct MinHash {
    bins: [u32; BINS],
    window: u64,
    seen: u32,
}

impl Default for MinHash {
    fn default() -> Self {
        Self { bins: [u32::MAX; BINS], window: 0, seen: 0 }
    }
}

impl MinHash {
    #[inline]
    pub fn push(&mut self, code: u16) {
        self.window = self.window << 16 | u64::from(code);
        self.seen += 1;
        if self.seen >= 4 {
            let x = (self.window ^ self.window >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let x = (x ^ x >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let bin = &mut self.bins[(x >> 59) as usize];
            *bin = (*bin).min(x as u32);
        }
    }

    /// The signature, empty bins as `u32::MAX`; `None` below five instructions.
    pub fn signature(&self) -> Option<[u32; BINS]> {
        (self.seen >= INSTRUCTIONS_MIN).then_some(self.bins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_streams_share_bins_and_short_ones_have_none() {
        let run = |codes: &[u16]| codes.iter().fold(MinHash::default(), |mut m, c| { m.push(*c); m });
        let base: Vec<u16> = (0..400).map(|i| (i * 7919 % 97) as u16).collect();
        let mut edited = base.clone();
        edited[200] = 999;
        let (a, b) = (run(&base).signature().unwrap(), run(&edited).signature().unwrap());
        assert!(a.iter().zip(&b).filter(|(x, y)| x == y).count() >= 28);
        assert!(run(&base[..4]).signature().is_none());
    }
}
