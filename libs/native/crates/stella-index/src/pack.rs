//! A tree and its leaves as one blob; see `libs/binary-delta/src/merkle/pack.ts`.

use crate::trie::{Trie, Unit};

const MAGIC: &[u8; 8] = b"STLAIDX1";

/// The blob of a tree that was built over these units.
pub fn pack(trie: &Trie, units: &[Unit<'_>]) -> Vec<u8> {
    let leaves = || trie.order.iter().map(|at| units[*at as usize].leaf);
    let leaf_bytes: usize = leaves().map(<[u8]>::len).sum();
    let (count, nodes) = (trie.keys.len(), trie.children.len());
    let mut out = Vec::with_capacity(24 + 32 * (2 * count + 2 * nodes) + 8 * (count + nodes) + 32 * count + leaf_bytes);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&(count as u32).to_le_bytes());
    out.extend_from_slice(&(nodes as u32).to_le_bytes());
    out.extend_from_slice(&(leaf_bytes as u64).to_le_bytes());
    for member in trie.sums.iter().flat_map(|sums| sums.members()) {
        out.extend_from_slice(&(member as f64).to_le_bytes());
    }
    let mut end = 0;
    for leaf in leaves() {
        end += leaf.len();
        out.extend_from_slice(&(end as f64).to_le_bytes());
    }
    for place in trie.children.iter().flatten() {
        out.extend_from_slice(&place.to_le_bytes());
    }
    out.extend_from_slice(trie.keys.as_flattened());
    out.extend_from_slice(trie.leaf_values.as_flattened());
    out.extend_from_slice(trie.node_values.as_flattened());
    for leaf in leaves() {
        out.extend_from_slice(leaf);
    }
    out
}
