//! Package initialisation before Go 1.21: a record a package, with the packages that come first and its own functions.
//!
//! Source: `runtime/proc.go` (`type initTask`, `doInit`), `cmd/compile/internal/pkginit`. All that a record means is that
//! its package's functions run, in their order, after those of all that it depends on (Go specification, "Package
//! initialization"): the order among the dependencies means nothing, and one without functions stands for its own.

use super::lines::package_of;
use crate::functions::{Function, function_at};
use crate::image::Image;
use crate::units::{Class, Container, Unit};
use rustc_hash::{FxHashMap, FxHashSet};

const HEADER_BYTES: u64 = 24;
const ENTRIES_MAX: u64 = 1 << 12;

struct Task {
    end: u64,
    dependencies: Vec<u64>,
    functions: Vec<u32>,
}

/// Claims of the records among the places that something refers to; each with functions becomes a leaf that refers to
/// them and to the leaves of all that runs before.
pub fn claims(image: &Image<'_>, functions: &[Function], places: impl Iterator<Item = u64>, containers: &mut Vec<Container>) -> Vec<Unit> {
    let Some(plain) = image.go_plain else { return Vec::new() };
    let within = places.filter(|at| (plain.0..plain.1).contains(at) && at.is_multiple_of(8));
    let mut tasks: FxHashMap<u64, Task> = within.filter_map(|at| Some((at, read(image, functions, at, plain.1)?))).collect();
    // A dependency that is no record makes its dependents none, until that settles.
    loop {
        let wrong: Vec<u64> = tasks.iter().filter(|(_, t)| t.dependencies.iter().any(|d| !tasks.contains_key(d))).map(|(at, _)| *at).collect();
        if wrong.is_empty() {
            break;
        }
        wrong.iter().for_each(|at| drop(tasks.remove(at)));
    }
    let needed: FxHashSet<u64> = tasks.values().flat_map(|t| t.dependencies.iter().copied()).collect();
    let mut order: Vec<u64> = tasks.keys().copied().collect();
    order.sort_unstable();
    let mut leaves: FxHashMap<String, u32> = FxHashMap::default();
    let mut units = Vec::with_capacity(order.len());
    for at in order {
        let task = &tasks[&at];
        let id = match task.functions.first() {
            Some(f) => format!("go:inittask:{}", package_of(&functions[*f as usize].name)),
            // The program's own package comes first of all, and may have nothing to initialise.
            None if !needed.contains(&at) => "go:inittask:main".into(),
            None => "go:inittasks".into(),
        };
        let known = leaves.contains_key(&id);
        let c = *leaves.entry(id.clone()).or_insert_with(|| {
            containers.push(Container::new(id, "metadata"));
            containers.len() as u32 - 1
        });
        units.push(Unit { start: at, end: task.end, class: Class::Container(c), writable: true, name: None, fields: None, pointers: false });
        let container = &mut containers[c as usize];
        if container.id == "go:inittasks" {
            continue;
        }
        // Two records of one package cannot be told apart.
        container.residual += u64::from(known);
        for f in &task.functions {
            container.content.update(functions[*f as usize].name.as_bytes()).update(b"\n");
            container.references.push(functions[*f as usize].start);
        }
        container.references.extend(before(&tasks, at));
    }
    units
}

fn read(image: &Image<'_>, functions: &[Function], at: u64, end: u64) -> Option<Task> {
    let word = |i: u64| image.u64_at(at + 8 * i);
    let (state, dependencies, own) = (word(0)?, word(1)?, word(2)?);
    let count = dependencies.checked_add(own).filter(|n| (1..ENTRIES_MAX).contains(n))?;
    let task_end = at + HEADER_BYTES + 8 * count;
    if state != 0 || task_end > end {
        return None;
    }
    let starts = |to: u64| function_at(functions, to).filter(|f| functions[*f].start == to && !functions[*f].name.is_empty()).map(|f| f as u32);
    Some(Task {
        end: task_end,
        dependencies: (0..dependencies).map(|i| word(3 + i)).collect::<Option<_>>()?,
        functions: (dependencies..count).map(|i| starts(word(3 + i)?)).collect::<Option<_>>()?,
    })
}

/// All records with functions of their own that run before this one's.
fn before(tasks: &FxHashMap<u64, Task>, at: u64) -> Vec<u64> {
    let mut seen = FxHashSet::default();
    let mut pending: Vec<u64> = tasks[&at].dependencies.clone();
    let mut found = Vec::new();
    while let Some(next) = pending.pop() {
        if seen.insert(next) {
            pending.extend(&tasks[&next].dependencies);
            if !tasks[&next].functions.is_empty() {
                found.push(next);
            }
        }
    }
    found
}
