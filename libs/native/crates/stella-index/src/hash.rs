//! The values of a tree; see `libs/binary-delta/src/merkle/hash.ts` for what they mean.

use crate::sums::Sums;
use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

/// Of a region without a unit.
pub const EMPTY: Hash = [0; 32];

pub fn key_of_id(id: &str) -> Hash {
    Sha256::digest(id.as_bytes()).into()
}

pub fn value_of_leaf(key: &Hash, leaf: &[u8]) -> Hash {
    let digest = Sha256::digest(leaf);
    Sha256::new().chain_update([0]).chain_update(key).chain_update(digest).finalize().into()
}

pub fn value_of_node(left: &Hash, left_sums: &Sums, right: &Hash, right_sums: &Sums) -> Hash {
    let mut preimage = [0; 129];
    preimage[0] = 1;
    preimage[1..33].copy_from_slice(left);
    preimage[33..65].copy_from_slice(&left_sums.to_bytes());
    preimage[65..97].copy_from_slice(right);
    preimage[97..].copy_from_slice(&right_sums.to_bytes());
    Sha256::digest(preimage).into()
}

pub fn root_of(top: &Hash, sums: &Sums) -> Hash {
    Sha256::new().chain_update([2]).chain_update(top).chain_update(sums.to_bytes()).finalize().into()
}

/// Bit `depth` of a key, the most significant bit of the first byte being bit 0.
pub fn bit_of(key: &Hash, depth: usize) -> bool {
    key[depth / 8] >> (7 - depth % 8) & 1 == 1
}
