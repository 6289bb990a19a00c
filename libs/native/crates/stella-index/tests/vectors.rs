//! The same units give the same tree and the same bytes as in the verifiers' implementation.

use serde::Deserialize;
use sha2::{Digest, Sha256};
use stella_index::{IndexFault, Sums, Trie, Unit, pack};

#[derive(Deserialize)]
struct Leaf {
    id: String,
    kind: String,
    residual: u64,
    size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    /// Canonical JSON of each unit, in no order.
    leaves: Vec<String>,
    root: String,
    packed_sha256: String,
    sums: [u64; 4],
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../../binary-delta/test/vectors/packed-sets.json")).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn parse(leaves: &[String]) -> Vec<(Leaf, &[u8])> {
    leaves.iter().map(|text| (serde_json::from_str(text).unwrap(), text.as_bytes())).collect()
}

fn unit<'u>((leaf, bytes): &'u (Leaf, &[u8])) -> Unit<'u> {
    let residual_bytes = if leaf.kind == "residual" { leaf.size } else { 0 };
    Unit { id: &leaf.id, leaf: bytes, sums: Sums { units: 1, size_bytes: leaf.size, unresolved: leaf.residual, residual_bytes } }
}

#[test]
fn roots_sums_and_bytes_are_those_of_the_vectors() {
    let vectors = vectors();
    assert!(vectors.len() >= 6 && vectors.iter().any(|v| v.leaves.is_empty()) && vectors.iter().any(|v| v.leaves.len() > 100));
    for vector in &vectors {
        let parsed = parse(&vector.leaves);
        let units: Vec<Unit<'_>> = parsed.iter().map(unit).collect();
        for threads in [1, 2, 7] {
            let trie = Trie::build(&units, threads).unwrap();
            let total = trie.total();
            assert_eq!(hex(&trie.root()), vector.root, "{} units", units.len());
            assert_eq!([total.units, total.size_bytes, total.unresolved, total.residual_bytes], vector.sums);
            assert_eq!(hex(&Sha256::digest(pack(&trie, &units))), vector.packed_sha256, "{} units", units.len());
        }
    }
}

#[test]
fn the_order_in_which_units_come_changes_nothing() {
    let vectors = vectors();
    let vector = vectors.iter().max_by_key(|v| v.leaves.len()).unwrap();
    let mut parsed = parse(&vector.leaves);
    parsed.reverse();
    let units: Vec<Unit<'_>> = parsed.iter().map(unit).collect();
    let trie = Trie::build(&units, 2).unwrap();
    assert_eq!(hex(&Sha256::digest(pack(&trie, &units))), vector.packed_sha256);
    assert!(trie.order.windows(2).all(|w| w[0] != w[1]));
}

#[test]
fn two_units_of_one_identifier_and_sums_beyond_what_is_exact_are_refused() {
    let unit = |id, size_bytes| Unit { id, leaf: b"{}", sums: Sums { units: 1, size_bytes, ..Sums::default() } };
    assert_eq!(Trie::build(&[unit("a", 1), unit("b", 1), unit("a", 2)], 2).err(), Some(IndexFault::Duplicate("a".into())));
    let most = (1 << 53) - 1;
    assert!(Trie::build(&[unit("a", most), unit("b", 0)], 2).is_ok());
    assert_eq!(Trie::build(&[unit("a", most), unit("b", 1)], 2).err(), Some(IndexFault::TooLarge));
}
