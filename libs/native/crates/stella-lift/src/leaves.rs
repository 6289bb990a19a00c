//! Leaves in canonical JSON (RFC 8785), and the side records beside them.

use crate::Hash;
use crate::encoder::{DataName, FunctionName, LeafReference};
use crate::graph::identities;
use crate::image::Image;
use crate::lift::Lifted;
use crate::variables;
use crate::units::{Class, unit_at};
use rustc_hash::FxHashMap;
use serde::Serialize;

/// Members in the order that RFC 8785 sorts them.
#[derive(Serialize)]
struct Leaf<'l> {
    e1: &'l str,
    id: &'l str,
    kind: &'static str,
    name: &'l str,
    refs: Vec<&'l str>,
    residual: u64,
    size: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    pub id: String,
    pub e0: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e2: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_offset: Option<u64>,
    pub size_bytes: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
    /// Addresses of writable or cyclic places, in the order of their placeholders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub writable: Vec<String>,
    /// Addresses of unnamed functions, in the order of their placeholders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unnamed: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_hash: Option<[u32; crate::minhash::BINS]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<u32>,
}

/// One frame of side records.
#[derive(Serialize)]
pub struct SideFrame<'s> {
    pub side: &'s [Side],
}

pub struct Output {
    /// Identifier and canonical bytes, ascending by identifier.
    pub leaves: Vec<(String, Vec<u8>)>,
    pub sides: Vec<Side>,
    pub bytes_covered: u64,
    pub bytes_residual: u64,
    pub residual: u64,
    pub undecoded_bytes: u64,
}

impl Output {
    fn push(&mut self, mut leaf: Leaf<'_>, imports: &[String]) {
        let imports: Vec<String> = imports.iter().map(|n| format!("import:{n}")).collect();
        let mut refs = std::mem::take(&mut leaf.refs);
        refs.extend(imports.iter().map(String::as_str));
        refs.sort_unstable();
        refs.dedup();
        self.bytes_covered += leaf.size;
        self.residual += leaf.residual;
        let leaf = Leaf { refs, ..leaf };
        self.leaves.push((leaf.id.to_string(), serde_json::to_vec(&leaf).unwrap_or_default()));
    }
}

pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[(b >> 4) as usize] as char, DIGITS[(b & 15) as usize] as char]).collect()
}

fn address(value: &u64) -> String {
    format!("0x{value:x}")
}

/// An open form, closed with the identities of the group members that it refers to.
fn close(lifted: &Lifted, open: Hash, groups: &[u32]) -> Hash {
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
    let wanted = |f: &u32| all || lifted.function_names[*f as usize] == FunctionName::Unnamed;
    lifted.normals.iter().map(|n| n.calls.iter().copied().filter(wanted).collect::<Vec<_>>()).zip(&lifted.normals)
        .map(|(mut list, n)| {
            if !all {
                // In the order of the placeholders: which of two callees is called first matters.
                list = n.unnamed.clone();
            }
            for r in &n.references {
                if let LeafReference::Unit(u) = r {
                    list.extend(lifted.records[*u as usize].unnamed.iter());
                }
            }
            list
        })
        .collect()
}

fn printable(image: &Image<'_>, start: u64, end: u64) -> Option<String> {
    let bytes = image.slice(start, end.min(start + 48))?;
    let text = std::str::from_utf8(bytes.strip_suffix(b"\0").unwrap_or(bytes)).ok()?;
    (text.len() >= 2 && text.chars().all(|c| !c.is_control())).then(|| format!("\"{text}\""))
}

pub fn assemble(image: &Image<'_>, lifted: &Lifted) -> Output {
    let e1: Vec<Hash> = lifted.normals.iter().map(|n| close(lifted, n.open, &n.groups)).collect();
    let (deep, identity) = (identities(&e1, &edges(lifted, true)), identities(&e1, &edges(lifted, false)));
    let base: Vec<String> = lifted.functions.iter().enumerate().map(|(i, f)| match lifted.function_names[i] {
        FunctionName::Unique(_) => format!("fn:{}", f.name),
        FunctionName::Group(_) => format!("fn:{}#{}", f.name, hex(&lifted.normals[i].open[..8])),
        FunctionName::Unnamed => format!("fn#{}", hex(&identity[i][..16])),
    }).collect();
    let deep_contents = variables::deep_contents(lifted);
    let unit_base: Vec<String> = lifted.units.iter().enumerate().map(|(i, u)| match (u.class, &lifted.data_names[i]) {
        (Class::Function(f) | Class::Table(f), _) => base[f as usize].clone(),
        (Class::Container(c), _) => lifted.containers[c as usize].id.clone(),
        (Class::Padding, _) => "padding".into(),
        (Class::Residual, _) => format!("residual#{}", hex(&lifted.contents[i][..16])),
        (Class::Data, DataName::Unique(_)) => u.name.as_deref().unwrap_or("?").to_string(),
        (Class::Data, _) => {
            let (prefix, hash) = if u.writable { ("var", &deep_contents[i]) } else { ("data", &lifted.contents[i]) };
            format!("{}#{}", u.name.as_deref().unwrap_or(prefix), hex(&hash[..16]))
        }
    }).collect();
    let reference = |r: &LeafReference| match r {
        LeafReference::Function(f) => base[*f as usize].as_str(),
        LeafReference::Unit(u) => unit_base[*u as usize].as_str(),
    };
    let mut out = Output { leaves: Vec::new(), sides: Vec::new(), bytes_covered: 0, bytes_residual: 0, residual: 0, undecoded_bytes: 0 };
    let mut ordinals: FxHashMap<&str, u32> = FxHashMap::default();
    let unique = |id: &'_ str, k: u32| if k == 0 { id.to_string() } else { format!("{id}~{k}") };
    // By units: where claims overlap, only one function keeps the bytes.
    let mut owned = vec![0u64; lifted.functions.len()];
    for u in &lifted.units {
        if let Class::Function(f) | Class::Table(f) = u.class {
            owned[f as usize] += u.end - u.start;
        }
    }
    let mut padding = 0;
    for (i, f) in lifted.functions.iter().enumerate() {
        let n = &lifted.normals[i];
        let ordinal = ordinals.entry(&base[i]).or_default();
        let id = unique(&base[i], *ordinal);
        *ordinal += 1;
        let slack = u64::from(n.slack_bytes).min(owned[i]);
        padding += slack;
        let size = owned[i] - slack;
        let refs = n.references.iter().map(reference).collect();
        out.push(Leaf { e1: &hex(&e1[i]), id: &id, kind: "function", name: &f.name, refs, residual: n.residual, size }, &n.imports);
        out.undecoded_bytes += u64::from(n.undecoded);
        out.sides.push(Side {
            id,
            e0: hex(&n.raw),
            e2: Some(hex(&deep[i])),
            shape: Some(hex(&n.shape)),
            code: n.code.map(|c| hex(&close(lifted, c, &n.groups))),
            address: address(&f.start),
            file_offset: image.file_offset(f.start),
            size_bytes: f.end - f.start,
            calls: n.calls.iter().map(|c| base[*c as usize].clone()).collect(),
            writable: n.writable.iter().map(address).collect(),
            unnamed: n.unnamed.iter().map(|u| address(&lifted.functions[*u as usize].start)).collect(),
            min_hash: n.signature,
            instructions: Some(n.instructions),
        });
    }
    for (i, u) in lifted.units.iter().enumerate() {
        let size = if image.slice(u.start, u.end).is_some() { u.end - u.start } else { 0 };
        let kind = match u.class {
            Class::Padding => {
                padding += size;
                continue;
            }
            Class::Data => "data",
            Class::Residual => "residual",
            _ => continue,
        };
        if kind == "residual" {
            out.bytes_residual += size;
        }
        let record = &lifted.records[i];
        let ordinal = ordinals.entry(&unit_base[i]).or_default();
        let id = unique(&unit_base[i], *ordinal);
        *ordinal += 1;
        // A name made of bytes that hold offsets would move with the layout.
        let plain = u.fields.is_none() && record.references.is_empty() && record.imports.is_empty();
        let name = u.name.as_deref().map(String::from).or_else(|| plain.then(|| printable(image, u.start, u.end))?).unwrap_or_default();
        let refs = record.references.iter().map(reference).collect();
        out.push(Leaf { e1: &hex(&lifted.contents[i]), id: &id, kind, name: &name, refs, residual: record.residual, size }, &record.imports);
        let e0 = image.slice(u.start, u.end).map_or([0; 32], |b| *blake3::hash(b).as_bytes());
        out.sides.push(Side {
            id,
            e0: hex(&e0),
            e2: None,
            shape: None,
            code: None,
            address: address(&u.start),
            file_offset: image.file_offset(u.start),
            size_bytes: u.end - u.start,
            calls: Vec::new(),
            writable: record.writable.iter().map(address).collect(),
            unnamed: record.unnamed.iter().map(|f| address(&lifted.functions[*f as usize].start)).collect(),
            min_hash: None,
            instructions: None,
        });
    }
    for c in &lifted.containers {
        let refs = c.references.iter().filter_map(|at| Some(unit_base[unit_at(&lifted.units, *at)?].as_str())).collect();
        let e1 = hex(c.content.finalize().as_bytes());
        out.push(Leaf { e1: &e1, id: &c.id, kind: c.kind, name: "", refs, residual: c.residual, size: c.size }, &[]);
    }
    let nothing = hex(&[0; 32]);
    out.push(Leaf { e1: &nothing, id: "padding", kind: "padding", name: "", refs: Vec::new(), residual: 0, size: padding }, &[]);
    out.leaves.sort_unstable_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    out
}
