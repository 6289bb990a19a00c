//! What tells variables without a name apart: all that they hold at first, through the variables that they point at.

use crate::Hash;
use crate::encoder::DataName;
use crate::graph::components;
use crate::lift::Lifted;
use crate::units::unit_at;

/// Content of each unit with that of the unnamed variables that it leads to, in the order of its placeholders. Inside of
/// a cycle a member stands for itself by its own content. It makes identifiers and is part of no normal form: what a
/// variable points at is for the bijection to say.
pub fn deep_contents(lifted: &Lifted) -> Vec<Hash> {
    let is_variable = |u: usize| lifted.data_names[u] == DataName::Writable;
    let targets = |u: usize| -> Vec<u32> {
        let places = lifted.records[u].writable.iter().filter(|_| is_variable(u));
        places.filter_map(|at| unit_at(&lifted.units, *at).filter(|t| is_variable(*t)).map(|t| t as u32)).collect()
    };
    let edges: Vec<Vec<u32>> = (0..lifted.units.len()).map(targets).collect();
    let (component, _) = components(&edges);
    let mut order: Vec<u32> = (0..lifted.units.len() as u32).filter(|u| !edges[*u as usize].is_empty()).collect();
    order.sort_by_key(|u| component[*u as usize]);
    let mut deep = lifted.contents.clone();
    for u in order {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"variable").update(&lifted.contents[u as usize]);
        for t in &edges[u as usize] {
            let inner = component[*t as usize] == component[u as usize];
            hasher.update(if inner { &lifted.contents[*t as usize] } else { &deep[*t as usize] });
        }
        deep[u as usize] = *hasher.finalize().as_bytes();
    }
    deep
}
