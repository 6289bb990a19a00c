//! The binary trie over the keys of the units, single-unit regions compressed.

use crate::hash::{EMPTY, Hash, bit_of, key_of_id, root_of, value_of_leaf, value_of_node};
use crate::sums::Sums;
use std::ops::Range;

/// As many as a verifier reads.
pub const UNITS_MAX: usize = 4_000_000;

/// One unit, as it is hashed.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'u> {
    pub id: &'u str,
    /// Canonical JSON.
    pub leaf: &'u [u8],
    /// Of this unit alone.
    pub sums: Sums,
}

/// Why there is no tree over some units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexFault {
    /// Two units have this identifier.
    Duplicate(String),
    /// More units, or larger sums, than a verifier reads.
    TooLarge,
}

/// A place in the tree: an inner node (its number), a leaf (-1 - its rank by key), or nothing.
type Ref = i32;
const NOTHING: Ref = i32::MAX;

pub struct Trie {
    /// Where the units stood that were given, ascending by key.
    pub order: Vec<u32>,
    pub(crate) keys: Vec<Hash>,
    pub(crate) leaf_values: Vec<Hash>,
    /// Of the leaves, then of the inner nodes.
    pub(crate) sums: Vec<Sums>,
    /// Of each inner node; children stand before their parents.
    pub(crate) children: Vec<[Ref; 2]>,
    pub(crate) node_values: Vec<Hash>,
}

impl Trie {
    /// The tree over units in any order.
    pub fn build(units: &[Unit<'_>], threads: usize) -> Result<Self, IndexFault> {
        if units.len() > UNITS_MAX {
            return Err(IndexFault::TooLarge);
        }
        let mut hashed = hash_units(units, threads);
        hashed.sort_unstable_by_key(|h| h.key);
        if let Some(pair) = hashed.windows(2).find(|pair| pair[0].key == pair[1].key) {
            return Err(IndexFault::Duplicate(units[pair[0].at as usize].id.to_string()));
        }
        let mut trie = Self {
            order: hashed.iter().map(|h| h.at).collect(),
            keys: hashed.iter().map(|h| h.key).collect(),
            leaf_values: hashed.iter().map(|h| h.value).collect(),
            sums: hashed.iter().map(|h| units[h.at as usize].sums).collect(),
            children: Vec::with_capacity(units.len()),
            node_values: Vec::with_capacity(units.len()),
        };
        trie.join(0..units.len(), 0)?;
        Ok(trie)
    }

    pub fn root(&self) -> Hash {
        root_of(self.value_at(self.top()), &self.total())
    }

    pub fn total(&self) -> Sums {
        self.sums_at(self.top())
    }

    fn top(&self) -> Ref {
        match (self.children.len(), self.keys.len()) {
            (0, 1) => -1,
            (0, _) => NOTHING,
            (nodes, _) => nodes as Ref - 1,
        }
    }

    fn value_at(&self, place: Ref) -> &Hash {
        match place {
            NOTHING => &EMPTY,
            leaf if leaf < 0 => &self.leaf_values[(-1 - leaf) as usize],
            node => &self.node_values[node as usize],
        }
    }

    fn sums_at(&self, place: Ref) -> Sums {
        match place {
            NOTHING => Sums::default(),
            leaf if leaf < 0 => self.sums[(-1 - leaf) as usize],
            node => self.sums[self.keys.len() + node as usize],
        }
    }

    /// Makes the region of these ranks, whose keys share `depth` bits.
    fn join(&mut self, ranks: Range<usize>, depth: usize) -> Result<Ref, IndexFault> {
        match ranks.len() {
            0 => return Ok(NOTHING),
            1 => return Ok(-1 - ranks.start as Ref),
            _ => {}
        }
        let middle = ranks.start + self.keys[ranks.clone()].partition_point(|key| !bit_of(key, depth));
        let left = self.join(ranks.start..middle, depth + 1)?;
        let right = self.join(middle..ranks.end, depth + 1)?;
        let (left_sums, right_sums) = (self.sums_at(left), self.sums_at(right));
        let value = value_of_node(self.value_at(left), &left_sums, self.value_at(right), &right_sums);
        self.sums.push(left_sums.plus(&right_sums).ok_or(IndexFault::TooLarge)?);
        self.node_values.push(value);
        self.children.push([left, right]);
        Ok(self.children.len() as Ref - 1)
    }
}

struct Hashed {
    key: Hash,
    value: Hash,
    at: u32,
}

fn hash_units(units: &[Unit<'_>], threads: usize) -> Vec<Hashed> {
    let hash = |at: usize, unit: &Unit<'_>| {
        let key = key_of_id(unit.id);
        Hashed { key, value: value_of_leaf(&key, unit.leaf), at: at as u32 }
    };
    let share = units.len().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        let shares = units.chunks(share).enumerate();
        let workers: Vec<_> = shares
            .map(|(k, part)| scope.spawn(move || part.iter().enumerate().map(|(i, unit)| hash(k * share + i, unit)).collect::<Vec<_>>()))
            .collect();
        workers.into_iter().flat_map(|w| w.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}
