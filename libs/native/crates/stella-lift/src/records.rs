//! Leaves and side records in canonical JSON (RFC 8785): members sorted, nothing between the tokens.

use crate::Hash;
use crate::minhash::BINS;
use serde::{Serialize, Serializer};

/// Bytes as lower-case hexadecimal digits.
pub struct Hex<'h>(pub &'h Hash);

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 64];
        for (into, byte) in text.chunks_exact_mut(2).zip(self.0) {
            into.copy_from_slice(&[DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]);
        }
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// `0x` and hexadecimal digits without leading zeros.
pub struct Address(pub u64);

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("0x{:x}", self.0))
    }
}

/// What is hashed: nothing in it moves when only the layout moves.
#[derive(Serialize)]
pub struct Leaf<'l> {
    pub e1: Hex<'l>,
    pub id: &'l str,
    pub kind: &'static str,
    pub name: &'l str,
    /// Ascending by bytes, without duplicates.
    pub refs: Vec<&'l str>,
    pub residual: u64,
    pub size: u64,
}

/// Facts of a unit that move with the layout. What a comparison does not read is left out of what is kept.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Side<'l> {
    pub address: Address,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<&'l str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Hex<'l>>,
    /// Not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e0: Option<Hex<'l>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e2: Option<Hex<'l>>,
    /// Not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_offset: Option<u64>,
    pub id: &'l str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_hash: Option<&'l [u32; BINS]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Hex<'l>>,
    /// Not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Addresses of unnamed functions, in the order of their placeholders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unnamed: Vec<Address>,
    /// Addresses of writable or cyclic places, in the order of their placeholders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub writable: Vec<Address>,
}

/// The bytes of a record; `capacity` is a guess.
pub fn to_bytes(record: &impl Serialize, capacity: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(capacity);
    match serde_json::to_writer(&mut bytes, record) {
        Ok(()) => bytes,
        // Strings and numbers always have a form, and memory does not refuse.
        Err(error) => unreachable!("{error}"),
    }
}
