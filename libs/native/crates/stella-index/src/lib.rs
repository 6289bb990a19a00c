//! The index of an artifact: its units as a Merkle sum trie, and the bytes under which it is kept.
//!
//! The encoding is the one that verifiers read, `libs/binary-delta/src/merkle/hash.ts` (tree) and `pack.ts` (bytes); the
//! vectors in that library's `test/vectors` hold both implementations to the same bytes.

mod hash;
mod pack;
mod sums;
mod trie;

pub use hash::Hash;
pub use pack::pack;
pub use sums::Sums;
pub use trie::{IndexFault, Trie, UNITS_MAX, Unit};
