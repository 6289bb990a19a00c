//! Every unit as a leaf, and as the side record beside it.

use crate::Hash;
use crate::identifiers::{Identifiers, close};
use crate::image::Image;
use crate::lift::{Lifted, THREADS};
use crate::parallel;
use crate::records::{Address, Hex, Leaf, Side, to_bytes};
use crate::units::{Class, unit_at};

/// How much side records say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What a comparison reads: the form that is kept.
    Kept,
    /// Raw identities and places in the file too.
    Full,
}

/// What tells a function in any file.
pub struct FunctionFacts {
    pub name: Box<str>,
    pub e1: Hash,
    pub e2: Hash,
}

pub struct Record {
    pub id: String,
    pub kind: &'static str,
    /// Bytes of the file.
    pub size: u64,
    /// Things that could not be resolved.
    pub residual: u64,
    pub leaf: Vec<u8>,
    pub side: Option<Vec<u8>>,
    pub function: Option<FunctionFacts>,
}

pub struct Output {
    /// Ascending by identifier.
    pub records: Vec<Record>,
    pub bytes_covered: u64,
    pub bytes_residual: u64,
    pub residual: u64,
    pub undecoded_bytes: u64,
}

struct Assembly<'a> {
    image: &'a Image<'a>,
    lifted: &'a Lifted,
    ids: Identifiers<'a>,
    detail: Detail,
}

pub fn assemble(image: &Image<'_>, lifted: &Lifted, detail: Detail) -> Output {
    let assembly = Assembly { image, lifted, ids: Identifiers::of(lifted), detail };
    let sizes = assembly.function_sizes();
    let mut records = parallel::map(lifted.functions.len(), THREADS, |i| assembly.function(i, sizes[i].0));
    records.extend(parallel::map(lifted.units.len(), THREADS, |i| assembly.unit(i)).into_iter().flatten());
    records.extend((0..lifted.containers.len()).map(|c| assembly.container(c)));
    records.push(assembly.padding(sizes.iter().map(|s| s.1).sum()));
    records.sort_unstable_by(|a, b| a.id.as_bytes().cmp(b.id.as_bytes()));
    Output {
        bytes_covered: records.iter().map(|r| r.size).sum(),
        bytes_residual: records.iter().filter(|r| r.kind == "residual").map(|r| r.size).sum(),
        residual: records.iter().map(|r| r.residual).sum(),
        undecoded_bytes: lifted.normals.iter().map(|n| u64::from(n.undecoded)).sum(),
        records,
    }
}

impl Assembly<'_> {
    /// Bytes of each function, by units (where claims overlap, only one function keeps the bytes), and its slack.
    fn function_sizes(&self) -> Vec<(u64, u64)> {
        let mut owned = vec![0u64; self.lifted.functions.len()];
        for u in &self.lifted.units {
            if let Class::Function(f) | Class::Table(f) = u.class {
                owned[f as usize] += u.end - u.start;
            }
        }
        let slack = |(n, owned): (&crate::normal::Normal, u64)| {
            let slack = u64::from(n.slack_bytes).min(owned);
            (owned - slack, slack)
        };
        self.lifted.normals.iter().zip(owned).map(slack).collect()
    }

    fn function(&self, i: usize, size: u64) -> Record {
        let (f, n) = (&self.lifted.functions[i], &self.lifted.normals[i]);
        let (e1, e2) = (self.ids.e1[i], self.ids.e2[i]);
        let id = self.ids.function(i).into_owned();
        let references = n.references.iter().map(|r| self.ids.reference(r)).collect();
        let leaf = leaf(&e1, &id, "function", &f.name, references, &n.imports, n.residual, size);
        let code = n.code.map(|c| close(self.lifted, c, &n.groups));
        let side = Side {
            e2: Some(Hex(&e2)),
            shape: Some(Hex(&n.shape)),
            code: code.as_ref().map(Hex),
            calls: n.calls.iter().map(|c| self.ids.function_base(*c as usize)).collect(),
            writable: n.writable.iter().copied().map(Address).collect(),
            unnamed: self.starts(&n.unnamed),
            min_hash: n.signature.as_ref(),
            instructions: Some(n.instructions),
            ..plain_side(&id, f.start)
        };
        let side = self.side(side, f.start, f.end);
        let function = Some(FunctionFacts { name: f.name.as_str().into(), e1, e2 });
        Record { id, kind: "function", size, residual: n.residual, leaf, side: Some(side), function }
    }

    /// Data and residual; the other units belong to a function, a container or the padding.
    fn unit(&self, i: usize) -> Option<Record> {
        let u = &self.lifted.units[i];
        let kind = match u.class {
            Class::Data => "data",
            Class::Residual => "residual",
            _ => return None,
        };
        let record = &self.lifted.records[i];
        let id = self.ids.unit(i).into_owned();
        let size = self.size_in_file(u.start, u.end);
        // A name made of bytes that hold offsets would move with the layout.
        let plain = u.fields.is_none() && record.references.is_empty() && record.imports.is_empty();
        let name = u.name.as_deref().map(String::from).or_else(|| plain.then(|| printable(self.image, u.start, u.end))?).unwrap_or_default();
        let references = record.references.iter().map(|r| self.ids.reference(r)).collect();
        let leaf = leaf(&self.lifted.contents[i], &id, kind, &name, references, &record.imports, record.residual, size);
        let side = Side { writable: record.writable.iter().copied().map(Address).collect(), unnamed: self.starts(&record.unnamed), ..plain_side(&id, u.start) };
        let side = self.side(side, u.start, u.end);
        Some(Record { id, kind, size, residual: record.residual, leaf, side: Some(side), function: None })
    }

    fn container(&self, c: usize) -> Record {
        let container = &self.lifted.containers[c];
        let references = container.references.iter().filter_map(|at| Some(self.ids.unit_base(unit_at(&self.lifted.units, *at)?))).collect();
        let e1 = *container.content.finalize().as_bytes();
        let leaf = leaf(&e1, &container.id, container.kind, "", references, &[], container.residual, container.size);
        Record { id: container.id.clone(), kind: container.kind, size: container.size, residual: container.residual, leaf, side: None, function: None }
    }

    /// @param slack bytes of functions that say nothing
    fn padding(&self, slack: u64) -> Record {
        let units = self.lifted.units.iter().filter(|u| u.class == Class::Padding);
        let size = slack + units.map(|u| self.size_in_file(u.start, u.end)).sum::<u64>();
        let leaf = leaf(&[0; 32], "padding", "padding", "", Vec::new(), &[], 0, size);
        Record { id: "padding".into(), kind: "padding", size, residual: 0, leaf, side: None, function: None }
    }

    fn size_in_file(&self, start: u64, end: u64) -> u64 {
        if self.image.slice(start, end).is_some() { end - start } else { 0 }
    }

    fn starts(&self, functions: &[u32]) -> Vec<Address> {
        functions.iter().map(|f| Address(self.lifted.functions[*f as usize].start)).collect()
    }

    fn side(&self, side: Side<'_>, start: u64, end: u64) -> Vec<u8> {
        if self.detail == Detail::Kept {
            return to_bytes(&side, 256);
        }
        let e0 = self.image.slice(start, end).map_or([0; 32], |bytes| *blake3::hash(bytes).as_bytes());
        to_bytes(&Side { e0: Some(Hex(&e0)), file_offset: self.image.file_offset(start), size_bytes: Some(end - start), ..side }, 384)
    }
}

#[allow(clippy::too_many_arguments)]
fn leaf(e1: &Hash, id: &str, kind: &'static str, name: &str, references: Vec<&str>, imports: &[String], residual: u64, size: u64) -> Vec<u8> {
    let imports: Vec<String> = imports.iter().map(|n| format!("import:{n}")).collect();
    let mut refs = references;
    refs.extend(imports.iter().map(String::as_str));
    refs.sort_unstable();
    refs.dedup();
    let length = 160 + 2 * id.len() + refs.iter().map(|r| r.len() + 3).sum::<usize>();
    to_bytes(&Leaf { e1: Hex(e1), id, kind, name, refs, residual, size }, length)
}

fn plain_side(id: &str, start: u64) -> Side<'_> {
    Side {
        address: Address(start),
        calls: Vec::new(),
        code: None,
        e0: None,
        e2: None,
        file_offset: None,
        id,
        instructions: None,
        min_hash: None,
        shape: None,
        size_bytes: None,
        unnamed: Vec::new(),
        writable: Vec::new(),
    }
}

fn printable(image: &Image<'_>, start: u64, end: u64) -> Option<String> {
    let bytes = image.slice(start, end.min(start + 48))?;
    let text = std::str::from_utf8(bytes.strip_suffix(b"\0").unwrap_or(bytes)).ok()?;
    (text.len() >= 2 && text.chars().all(|c| !c.is_control())).then(|| format!("\"{text}\""))
}
