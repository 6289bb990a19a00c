//! One file, from bytes to units with identities.

use crate::data::{Bases, DataRecord, contents};
use crate::eh_frame::{self, Unwind};
use crate::elf_regions::{linkage_stubs, regions};
use crate::encoder::{DataName, FunctionName, Naming, short};
use crate::functions::{Function, discover};
use crate::go::regions::GoTables;
use crate::go::types::Field;
use crate::go::{coverage, init_tasks, interfaces, lines, moduledata, pclntab, regions as go_regions};
use crate::image::Image;
use crate::limits::Limits;
use crate::normal::{Context, Normal, normal_forms};
use crate::relocations::{Relocation, Relocations};
use crate::scan::{AddressRule, Scan, Touch, scan};
use crate::space::{Space, Word, word_at};
use crate::tables::JumpTables;
use crate::units::{Class, Container, Cut, Fill, Region, Unit, partition};
use rustc_hash::FxHashMap;
use stella_frame::Failure;

/// A lift shares its machine with others.
pub const THREADS: usize = 2;

/// Everything that the leaves and side records are made of.
pub struct Lifted {
    pub functions: Vec<Function>,
    pub function_names: Vec<FunctionName>,
    pub normals: Vec<Normal>,
    pub units: Vec<Unit>,
    pub data_names: Vec<DataName>,
    pub contents: Vec<crate::Hash>,
    pub records: Vec<DataRecord>,
    pub containers: Vec<Container>,
    pub warnings: Vec<String>,
}

/// Reads Go's tables, if the file has them.
pub fn go_tables<'a>(image: &Image<'a>, relocations: &Relocations, limits: &Limits) -> Option<GoTables<'a>> {
    let section = [".gopclntab", ".data.rel.ro.gopclntab"].iter().find_map(|n| image.section(n))?;
    let text = image.section(".text").map_or(0, |s| s.start);
    let pclntab = pclntab::parse(image.section_bytes(section), text, limits.functions_max)?;
    let relative = |at: u64| match relocations.at(at) {
        Some(Relocation::Relative(to)) => Some(*to),
        _ => None,
    };
    let module = moduledata::find(image, section.start, pclntab.layout, relative)?;
    Some(GoTables { pclntab, module })
}

fn symbol_claims(image: &Image<'_>) -> Vec<Unit> {
    let mut claims = Vec::new();
    for symbol in image.symbols.iter().filter(|s| s.object && s.size > 0) {
        let Some(segment) = image.segment_of(symbol.address).filter(|s| !s.executable) else { continue };
        let Some(end) = symbol.address.checked_add(symbol.size).filter(|e| *e <= segment.end) else { continue };
        let section = image.sections.iter().find(|s| s.allocated && s.start <= symbol.address && symbol.address < s.end);
        let writable = section.map_or(segment.writable, |s| s.writable && !s.name.starts_with(".data.rel.ro"));
        claims.push(Unit {
            start: symbol.address,
            end,
            class: Class::Data,
            writable,
            name: Some(format!("data:{}", symbol.name).into()),
            fields: None,
            pointers: true,
        });
    }
    for section in image.sections.iter().filter(|s| s.allocated && s.name.ends_with("_array") && s.end > s.start) {
        let name = Some(format!("section:{}", section.name).into());
        claims.push(Unit { start: section.start, end: section.end, class: Class::Data, writable: false, name, fields: None, pointers: true });
    }
    claims
}

/// Places in data that code, other data, or tables refer to. Errors: `LIMIT_REFERENCES`.
fn cuts(image: &Image<'_>, relocations: &Relocations, scan: &Scan, regions: &[Region], claims: &[Unit], extra: &[u64], limits: &Limits) -> Result<Vec<Cut>, Failure> {
    let mut places: Vec<Cut> = Vec::with_capacity(scan.references.len() / 2);
    for r in &scan.references {
        match r.touch {
            Touch::Control => {}
            Touch::Taken => places.push(Cut { at: r.target, extent: 0 }),
            Touch::Sized(size) => places.push(Cut { at: r.target, extent: u32::from(size) }),
        }
    }
    places.extend(extra.iter().map(|at| Cut { at: *at, extent: 0 }));
    for (_, relocation) in relocations.all() {
        if let Relocation::Relative(to) = relocation {
            places.push(Cut { at: *to, extent: 0 });
        }
    }
    if image.position_dependent() {
        let mut plain: Vec<(u64, u64)> = claims.iter().filter(|c| !c.pointers).map(|c| (c.start, c.end)).collect();
        plain.sort_unstable();
        let mut plain = plain.into_iter().peekable();
        for region in regions.iter().filter(|r| matches!(r.fill, Fill::Data { pointers: true, .. })) {
            for at in (region.start.next_multiple_of(8)..region.end.saturating_sub(7)).step_by(8) {
                while plain.next_if(|p| p.1 <= at).is_some() {}
                if plain.peek().is_some_and(|p| p.0 < at + 8) {
                    continue;
                }
                if let Some(Word::Address(to)) = word_at(image, relocations, at, true) {
                    places.push(Cut { at: to, extent: 0 });
                }
            }
        }
    }
    if places.len() > limits.references_max {
        return Err(Failure::new("LIMIT_REFERENCES", "too many references", "raise the limit").fact("referencesMax", limits.references_max));
    }
    places.sort_unstable_by_key(|c| (c.at, c.extent));
    // Unbounded wins over any size, and the largest size over smaller ones.
    places.dedup_by(|next, kept| {
        let same = next.at == kept.at;
        if same && kept.extent != 0 {
            kept.extent = kept.extent.max(next.extent);
        }
        same
    });
    Ok(places)
}

fn names(functions: &[Function], units: &[Unit]) -> (Vec<FunctionName>, Vec<DataName>) {
    let mut count: FxHashMap<&str, u32> = FxHashMap::default();
    for f in functions {
        *count.entry(&f.name).or_default() += 1;
    }
    let function_names = functions.iter().map(|f| {
        let id = || short(&blake3::hash(format!("fn:{}", f.name).as_bytes()));
        match (f.name.is_empty(), count[f.name.as_str()]) {
            (true, _) => FunctionName::Unnamed,
            (false, 1) => FunctionName::Unique(id()),
            (false, _) => FunctionName::Group(id()),
        }
    });
    let mut count: FxHashMap<&str, u32> = FxHashMap::default();
    for name in units.iter().filter_map(|u| u.name.as_deref()) {
        *count.entry(name).or_default() += 1;
    }
    let data_names = units.iter().map(|u| match u.name.as_deref() {
        Some(name) if count[name] == 1 => DataName::Unique(short(&blake3::hash(name.as_bytes()))),
        _ if u.writable => DataName::Writable,
        _ => DataName::Content,
    });
    (function_names.collect(), data_names.collect())
}

/// Errors: the reasons of `limits`, and `COVERAGE_BROKEN` if the partition misses or repeats a byte.
pub fn lift(image: &Image<'_>, limits: &Limits) -> Result<Lifted, Failure> {
    let mut warnings = Vec::new();
    let relocations = Relocations::read(image);
    let go = go_tables(image, &relocations, limits);
    if go.is_none() && image.section(".gopclntab").is_some() {
        warnings.push("GO_TABLES_UNREADABLE".to_string());
    }
    let unwind: Unwind = eh_frame::read(image, limits.functions_max);
    if !unwind.complete {
        warnings.push("UNWIND_INCOMPLETE".to_string());
    }
    let functions = discover(image, go.as_ref().map(|g| &g.pclntab), &unwind, limits.functions_max)?;
    let rule = AddressRule::of(image, go.is_some());
    let scanned = scan(image, &rule, &functions, THREADS);

    let mut containers: Vec<Container> = Vec::new();
    let mut special: FxHashMap<String, u32> = FxHashMap::default();
    if go.is_some() {
        for name in [".gopclntab", ".typelink", ".itablink", ".gosymtab"] {
            special.insert(name.into(), containers.len() as u32);
            containers.push(Container::new(format!("go:{}", &name[1..]), "metadata"));
        }
    }
    let stubs = linkage_stubs(image, &relocations);
    let regions = regions(image, &relocations, &unwind, &special, &mut containers);
    let mut claims = symbol_claims(image);
    let mut extra: Vec<u64> = unwind.entries.iter().filter_map(|e| e.exception_table).collect();
    if let Some(go) = &go {
        let pointers = cuts(image, &relocations, &scanned, &regions, &[], &[], limits)?;
        let found = go_regions::claims(image, &relocations, go, pointers.iter().map(|c| c.at), &mut containers);
        extra.extend(go_regions::places(image, go, &found));
        lines::interface_list(image, &relocations, go, &found, &mut containers);
        claims.extend(init_tasks::claims(image, &functions, pointers.iter().map(|c| c.at), &mut containers));
        claims.extend(interfaces::claims(image, &relocations, &pointers, &found));
        claims.extend(found);
    }
    let cuts = cuts(image, &relocations, &scanned, &regions, &claims, &extra, limits)?;
    let (tables, table_claims) = JumpTables::find(image, &relocations, &functions, &scanned, &cuts);
    claims.extend(table_claims);
    let zero_filled: Vec<Unit> = claims.iter().filter(|c| image.slice(c.start, c.end).is_none() && c.name.is_some()).cloned().collect();
    claims.retain(|c| image.slice(c.start, c.end).is_some());
    let mut units = partition(image, &functions, claims, &regions, &cuts, limits.units_max)?;
    check_coverage(image, &units)?;
    add_zero_filled(&mut units, zero_filled);
    if let Some(go) = &go {
        for unit in units.iter_mut().filter(|u| u.class == Class::Data && u.name.is_none()) {
            if unit.start == go.module.gcdata || unit.start == go.module.gcbss {
                unit.name = Some(if unit.start == go.module.gcdata { "go:gcdata" } else { "go:gcbss" }.into());
            }
        }
        name_module_information(image, &relocations, &mut units);
        name_module_data_pointer(image, &relocations, go.module.address, &mut units);
        lines::line_contents(image, go, &mut containers);
        coverage::check(image, go, &mut containers);
    }
    for unit in &units {
        if let Class::Container(c) = unit.class {
            containers[c as usize].size += unit.end - unit.start;
        }
    }

    let (function_names, data_names) = names(&functions, &units);
    let mut naming = Naming {
        space: Space { image, relocations: &relocations, functions: &functions, units: &units, plt: &stubs },
        functions: function_names,
        data: data_names,
        content: vec![[0; 32]; units.len()],
        containers: containers.iter().map(|c| short(&blake3::hash(c.id.as_bytes()))).collect(),
    };
    let bases = go.as_ref().map_or(Bases::default(), |g| Bases { types: g.module.types, text: g.pclntab.text_start, rodata: g.module.rodata });
    let records = contents(&mut naming, &bases);
    let context = Context { naming: &naming, rule, go: go.as_ref(), unwind: &unwind, tables: &tables };
    let normals = normal_forms(&context, THREADS);
    let Naming { functions: function_names, data: data_names, content, .. } = naming;
    Ok(Lifted { functions, function_names, normals, units, data_names, contents: content, records, containers, warnings })
}

/// First bytes of the string `runtime.modinfo` (cmd/go/internal/modload, `infoStart`).
const MODULE_INFORMATION: [u8; 16] = *b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";

/// The linker's second copy of the build information, and the variable that holds it, get names of their own: the
/// sources' revision in it differs from build to build, and the runtime's start refers to it.
fn name_module_information(image: &Image<'_>, relocations: &Relocations, units: &mut [Unit]) {
    let is_free = |u: &Unit| u.class == Class::Data && u.name.is_none();
    let starts_it = |u: &Unit| image.slice(u.start, u.end).is_some_and(|bytes| bytes.starts_with(&MODULE_INFORMATION));
    let Some(at) = units.iter().position(|u| is_free(u) && !u.writable && starts_it(u)) else { return };
    units[at].name = Some("go:modinfo".into());
    let address = units[at].start;
    let holds_it = |u: &Unit| u.end - u.start == 16 && relocations.pointer(image, u.start) == Some(address);
    if let Some(variable) = units.iter_mut().find(|u| is_free(u) && u.writable && holds_it(u)) {
        variable.name = Some("go:modinfo-variable".into());
    }
}

/// `runtime.lastmoduledatap` is a pointer that the linker puts among data without pointers, where no number is taken for
/// an address unless a field says so.
fn name_module_data_pointer(image: &Image<'_>, relocations: &Relocations, module_data: u64, units: &mut [Unit]) {
    let holds_it = |u: &Unit| u.writable && u.end - u.start == 8 && relocations.pointer(image, u.start) == Some(module_data);
    if let Some(variable) = units.iter_mut().find(|u| u.class == Class::Data && u.name.is_none() && holds_it(u)) {
        variable.name = Some("go:lastmoduledatap".into());
        variable.fields = Some(Box::new([(0, Field::Pointer)]));
        variable.pointers = false;
    }
}

fn add_zero_filled(units: &mut Vec<Unit>, mut zero_filled: Vec<Unit>) {
    zero_filled.sort_by(|a, b| (a.start, b.end, &a.name).cmp(&(b.start, a.end, &b.name)));
    let mut end = 0;
    zero_filled.retain(|u| {
        let free = u.start >= end && crate::units::unit_at(units, u.start).is_none();
        if free {
            end = u.end;
        }
        free
    });
    units.extend(zero_filled);
    units.sort_by_key(|u| u.start);
}

fn check_coverage(image: &Image<'_>, units: &[Unit]) -> Result<(), Failure> {
    let covered: u64 = units.iter().map(|u| u.end - u.start).sum();
    let disjoint = units.windows(2).all(|w| w[0].end <= w[1].start);
    if disjoint && covered == image.loaded_bytes() {
        return Ok(());
    }
    Err(Failure::new("COVERAGE_BROKEN", "the units do not partition the loaded bytes", "report this file")
        .fact("bytesLoaded", image.loaded_bytes())
        .fact("bytesCovered", covered))
}
