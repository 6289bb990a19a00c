//! What units are called: stable from build to build, and unique in the file.

use crate::Hash;
use crate::encoder::{DataName, FunctionName, LeafReference};
use crate::graph::identities;
use crate::lift::{Lifted, THREADS};
use crate::parallel;
use crate::units::Class;
use crate::variables;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

pub struct Identifiers<'l> {
    lifted: &'l Lifted,
    /// Of each function: its normal form with the group members that it refers to, and the same with all that it calls.
    pub e1: Vec<Hash>,
    pub e2: Vec<Hash>,
    functions: Vec<String>,
    /// Of data and residual; empty for what is called by something else.
    units: Vec<String>,
    /// How many that stand before it are called the same.
    function_ordinals: Vec<u32>,
    unit_ordinals: Vec<u32>,
}

pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for b in bytes {
        text.push(DIGITS[(b >> 4) as usize] as char);
        text.push(DIGITS[(b & 15) as usize] as char);
    }
    text
}

/// An open form, closed with the identities of the group members that it refers to.
pub fn close(lifted: &Lifted, open: Hash, groups: &[u32]) -> Hash {
    if groups.is_empty() {
        return open;
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(&open);
    for g in groups {
        hasher.update(&lifted.normals[*g as usize].open);
    }
    *hasher.finalize().as_bytes()
}

/// Callees of each function, through read-only data too where `all`; else only those without a name.
fn edges(lifted: &Lifted, all: bool) -> Vec<Vec<u32>> {
    let through_data = |r: &LeafReference| match r {
        LeafReference::Unit(u) => lifted.records[*u as usize].unnamed.as_slice(),
        LeafReference::Function(_) => &[],
    };
    // In the order of the placeholders: which of two callees without a name is called first matters.
    let own = lifted.normals.iter().map(|n| if all { n.calls.clone() } else { n.unnamed.clone() });
    own.zip(&lifted.normals)
        .map(|(mut list, n)| {
            list.extend(n.references.iter().flat_map(through_data));
            list
        })
        .collect()
}

impl<'l> Identifiers<'l> {
    pub fn of(lifted: &'l Lifted) -> Self {
        let e1: Vec<Hash> = lifted.normals.iter().map(|n| close(lifted, n.open, &n.groups)).collect();
        let has_unnamed = lifted.function_names.contains(&FunctionName::Unnamed);
        let (e2, unnamed, deep_contents) = std::thread::scope(|scope| {
            let e2 = scope.spawn(|| identities(&e1, &edges(lifted, true)));
            let unnamed = if has_unnamed { identities(&e1, &edges(lifted, false)) } else { Vec::new() };
            let deep_contents = variables::deep_contents(lifted);
            (e2.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), unnamed, deep_contents)
        });
        let functions = parallel::map(lifted.functions.len(), THREADS, |i| match lifted.function_names[i] {
            FunctionName::Unique(_) => format!("fn:{}", lifted.functions[i].name),
            FunctionName::Group(_) => format!("fn:{}#{}", lifted.functions[i].name, hex(&lifted.normals[i].open[..8])),
            FunctionName::Unnamed => format!("fn#{}", hex(&unnamed[i][..16])),
        });
        let units = parallel::map(lifted.units.len(), THREADS, |i| base_of_unit(lifted, i, &deep_contents));
        let mut found = Self { lifted, e1, e2, functions, units, function_ordinals: Vec::new(), unit_ordinals: Vec::new() };
        (found.function_ordinals, found.unit_ordinals) = found.ordinals();
        found
    }

    fn ordinals(&self) -> (Vec<u32>, Vec<u32>) {
        let mut seen: FxHashMap<&str, u32> = FxHashMap::default();
        let mut next = |base| {
            let ordinal = seen.entry(base).or_default();
            *ordinal += 1;
            *ordinal - 1
        };
        let functions = self.functions.iter().map(|base| next(base.as_str())).collect();
        let units = self.units.iter().map(|base| if base.is_empty() { 0 } else { next(base.as_str()) }).collect();
        (functions, units)
    }

    pub fn function(&self, i: usize) -> Cow<'_, str> {
        numbered(&self.functions[i], self.function_ordinals[i])
    }

    pub fn unit(&self, i: usize) -> Cow<'_, str> {
        numbered(self.unit_base(i), self.unit_ordinals[i])
    }

    /// As references name it: all that are called the same are one.
    pub fn function_base(&self, i: usize) -> &str {
        &self.functions[i]
    }

    pub fn unit_base(&self, i: usize) -> &str {
        match self.lifted.units[i].class {
            Class::Function(f) | Class::Table(f) => &self.functions[f as usize],
            Class::Container(c) => &self.lifted.containers[c as usize].id,
            Class::Padding => "padding",
            Class::Data | Class::Residual => &self.units[i],
        }
    }

    pub fn reference(&self, r: &LeafReference) -> &str {
        match r {
            LeafReference::Function(f) => self.function_base(*f as usize),
            LeafReference::Unit(u) => self.unit_base(*u as usize),
        }
    }
}

fn numbered(base: &str, ordinal: u32) -> Cow<'_, str> {
    if ordinal == 0 { base.into() } else { format!("{base}~{ordinal}").into() }
}

fn base_of_unit(lifted: &Lifted, i: usize, deep_contents: &[Hash]) -> String {
    let unit = &lifted.units[i];
    match (unit.class, &lifted.data_names[i]) {
        (Class::Residual, _) => format!("residual#{}", hex(&lifted.contents[i][..16])),
        (Class::Data, DataName::Unique(_)) => unit.name.as_deref().unwrap_or("?").to_string(),
        (Class::Data, _) => {
            let (prefix, hash) = if unit.writable { ("var", &deep_contents[i]) } else { ("data", &lifted.contents[i]) };
            format!("{}#{}", unit.name.as_deref().unwrap_or(prefix), hex(&hash[..16]))
        }
        _ => String::new(),
    }
}
