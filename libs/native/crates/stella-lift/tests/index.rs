//! An index holds what the lift of the same bytes says, unit by unit.

mod common;
use common::{Lifted, compile, lift};
use serde_json::Value;
use std::collections::BTreeMap;
use stella_frame::read_frame;
use stella_lift::{Limits, index_bytes};

const SOURCE: &str = r#"
#include <stdio.h>
int counter = 7;
__attribute__((noinline)) int add(int x) { return x + counter; }
static __attribute__((noinline)) int twice(int x) { return add(x) * 2; }
int main(int c, char **v) { printf("%d %s\n", twice(c), v[0]); return 0; }
"#;

struct Indexed {
    head: Value,
    functions: Vec<Value>,
    blobs: BTreeMap<String, Vec<u8>>,
    end: Value,
}

fn index(bytes: &[u8]) -> Indexed {
    let mut out = Vec::new();
    index_bytes(bytes, &Limits::default(), Vec::new(), &mut out).unwrap();
    let mut found = Indexed { head: Value::Null, functions: Vec::new(), blobs: BTreeMap::new(), end: Value::Null };
    let (mut input, mut name) = (out.as_slice(), String::new());
    while let Some(frame) = read_frame(&mut input).unwrap() {
        if frame[0] == 0 {
            found.blobs.get_mut(&name).unwrap().extend_from_slice(&frame[1..]);
            continue;
        }
        let mut value: Value = serde_json::from_slice(&frame).unwrap();
        assert_eq!(found.end, Value::Null, "nothing follows the end");
        if let Some(head) = value.get("lift") {
            found.head = head.clone();
        } else if let Some(Value::Array(rows)) = value.get_mut("functions") {
            found.functions.append(rows);
        } else if let Some(blob) = value.get("blob") {
            name = blob["name"].as_str().unwrap().to_string();
            found.blobs.insert(name.clone(), Vec::with_capacity(blob["sizeBytes"].as_u64().unwrap() as usize));
        } else {
            found.end = value["end"].clone();
        }
    }
    found
}

/// The leaves of a packed set, by the ends that it names.
fn leaves(set: &[u8]) -> Vec<&[u8]> {
    let number = |at: usize| u32::from_le_bytes(set[at..at + 4].try_into().unwrap()) as usize;
    let (units, nodes) = (number(8), number(12));
    let leaf_bytes = u64::from_le_bytes(set[16..24].try_into().unwrap()) as usize;
    let (ends, start) = (24 + 32 * (units + nodes), set.len() - leaf_bytes);
    let end = |k: usize| f64::from_le_bytes(set[ends + 8 * k..ends + 8 * k + 8].try_into().unwrap()) as usize;
    (0..units).map(|k| &set[start + if k == 0 { 0 } else { end(k - 1) }..start + end(k)]).collect()
}

/// What an index leaves out of its side records.
const ONLY_OF_LIFTS: [&str; 3] = ["e0", "fileOffset", "sizeBytes"];

fn check(lifted: &Lifted, indexed: &Indexed) {
    assert_eq!(lifted.head, indexed.head);
    let mut packed: Vec<&[u8]> = leaves(&indexed.blobs["set"]);
    let mut said: Vec<&[u8]> = lifted.leaves.values().map(|(bytes, _)| bytes.as_slice()).collect();
    packed.sort_unstable();
    said.sort_unstable();
    assert_eq!(packed, said);
    for (name, total) in lifted.end.as_object().unwrap() {
        assert_eq!(Some(total), indexed.end.get(name), "{name}");
    }
    let text = std::str::from_utf8(&indexed.blobs["sides"]).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&str> = lines.iter().map(|side| side["id"].as_str().unwrap()).collect();
    assert!(ids.windows(2).all(|w| w[0].as_bytes() < w[1].as_bytes()) && ids.len() == lifted.sides.len());
    for side in &lines {
        let full = &lifted.sides[side["id"].as_str().unwrap()];
        assert!(side.as_object().unwrap().iter().all(|(name, value)| full[name] == *value));
        assert!(ONLY_OF_LIFTS.iter().all(|name| side.get(name).is_none()));
    }
    // What has no bytes in the file has no offset there either.
    assert!(ONLY_OF_LIFTS.iter().all(|name| lifted.sides.values().any(|full| full.get(name).is_some())));
    for row in &indexed.functions {
        let (_, leaf) = &lifted.leaves[row["unitId"].as_str().unwrap()];
        assert_eq!((&row["name"], &row["e1"], &row["sizeBytes"]), (&leaf["name"], &leaf["e1"], &leaf["size"]));
        assert_eq!(row["e2"], lifted.sides[row["unitId"].as_str().unwrap()]["e2"]);
    }
    assert_eq!(Some(indexed.functions.len() as u64), indexed.end["functions"].as_u64());
}

#[test]
fn every_unit_function_and_total_is_the_lifts() {
    for (flags, strip) in [(&[][..], false), (&["-no-pie"][..], true), (&["-static"][..], false)] {
        let bytes = compile(SOURCE, flags, strip);
        check(&lift(&bytes), &index(&bytes));
    }
}

#[test]
fn an_index_of_the_same_bytes_is_the_same() {
    let bytes = compile(SOURCE, &[], false);
    let (a, b) = (index(&bytes), index(&bytes));
    assert_eq!((&a.blobs, &a.end, &a.functions), (&b.blobs, &b.end, &b.functions));
    assert_eq!(a.end["root"].as_str().unwrap().len(), 64);
    assert_eq!(a.end["sums"]["units"], a.end["units"]);
}
