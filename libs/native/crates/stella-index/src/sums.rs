//! What a root commits to beside the leaves themselves.

/// Verifiers count in doubles: above this they would round.
const EXACT_MAX: u64 = (1 << 53) - 1;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub units: u64,
    /// Bytes of the artifact covered by the units.
    pub size_bytes: u64,
    /// Unresolved things in the units.
    pub unresolved: u64,
    /// Bytes of units of kind `residual`.
    pub residual_bytes: u64,
}

impl Sums {
    pub(crate) fn members(&self) -> [u64; 4] {
        [self.units, self.size_bytes, self.unresolved, self.residual_bytes]
    }

    /// Four numbers, big-endian, as they are hashed.
    pub(crate) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (into, member) in bytes.chunks_exact_mut(8).zip(self.members()) {
            into.copy_from_slice(&member.to_be_bytes());
        }
        bytes
    }

    /// `None` where a member is above 2^53 - 1.
    pub(crate) fn plus(&self, other: &Sums) -> Option<Sums> {
        let add = |a: u64, b: u64| a.checked_add(b).filter(|sum| *sum <= EXACT_MAX);
        Some(Sums {
            units: add(self.units, other.units)?,
            size_bytes: add(self.size_bytes, other.size_bytes)?,
            unresolved: add(self.unresolved, other.unresolved)?,
            residual_bytes: add(self.residual_bytes, other.residual_bytes)?,
        })
    }
}
