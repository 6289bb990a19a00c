//! Claims of the Go linker's structures: types, names, interface tables, function data, indexes.

use super::moduledata::ModuleData;
use super::type_list;
use super::pclntab::{Layout, Pclntab, steps};
use super::types::{Field, GoType, TypeSpace};
use crate::image::Image;
use crate::relocations::Relocations;
use crate::space::{Word, known_word};
use crate::units::{Class, Container, Unit};
use rustc_hash::{FxHashMap, FxHashSet};

pub struct GoTables<'a> {
    pub pclntab: Pclntab<'a>,
    pub module: ModuleData,
}

/// FUNCDATA and PCDATA numbers. Source: `internal/abi/symtab.go`.
pub const FUNCDATA_STACK_OBJECTS: usize = 2;
pub const FUNCDATA_INLINE_TREE: usize = 3;
const FUNCDATA_WRAP_INFO: usize = 7;
pub const PCDATA_INLINE_TREE: usize = 2;

impl GoTables<'_> {
    pub fn funcdata_address(&self, offset: u64) -> u64 {
        self.module.go_func.saturating_add(offset)
    }

    pub fn inline_entry_size(&self) -> u64 {
        if self.pclntab.layout >= Layout::Go120 { 16 } else { 20 }
    }

    pub fn inline_entries(&self, function: usize) -> u64 {
        let f = &self.pclntab.functions[function];
        let table = f.pcdata.get(PCDATA_INLINE_TREE).map_or(&[][..], |o| self.pclntab.table(*o));
        (steps(table).map(|(value, _)| value).max().unwrap_or(-1).max(-1) + 1) as u64
    }
}

fn claim(start: u64, end: u64, name: Option<String>) -> Unit {
    Unit { start, end, class: Class::Data, writable: false, name: name.map(Into::into), fields: None, pointers: true }
}

/// Everything that can be told from the tables; `seeds` are addresses that code or data refer to.
pub fn claims(image: &Image<'_>, relocations: &Relocations, go: &GoTables<'_>, seeds: impl Iterator<Item = u64>, containers: &mut Vec<Container>) -> Vec<Unit> {
    let mut units = Vec::new();
    let module = &go.module;
    let space = TypeSpace { image, start: module.types, end: module.end_types };
    let address = |at: u64| match known_word(image, relocations, at) {
        Some(Word::Address(to)) => Some(to),
        _ => None,
    };
    let mut pending: Vec<u64> = seeds.filter(|s| (module.types..module.end_types).contains(s)).collect();
    let links = module.typelinks.1.min(1 << 22);
    let list: Vec<u64> = (0..links).filter_map(|i| image.u32_at(module.typelinks.0 + 4 * i)).map(|o| module.types + u64::from(o)).collect();
    pending.extend(&list);
    let mut interface_tables = Vec::new();
    for i in 0..module.itablinks.1.min(1 << 22) {
        let Some(table) = address(module.itablinks.0 + 8 * i) else { continue };
        let (Some(interface), Some(concrete)) = (address(table), address(table + 8)) else { continue };
        pending.extend([interface, concrete]);
        interface_tables.push((table, interface, concrete));
    }
    let mut types: FxHashMap<u64, GoType> = FxHashMap::default();
    let mut names: FxHashSet<u64> = FxHashSet::default();
    let mut tried: FxHashSet<u64> = FxHashSet::default();
    while let Some(at) = pending.pop() {
        if !tried.insert(at) {
            continue;
        }
        let Some(found) = space.read(at) else { continue };
        for (offset, field) in &found.fields {
            let place = at + u64::from(*offset);
            match field {
                Field::NameOffset => drop(image.u32_at(place).filter(|o| *o != 0).map(|o| names.insert(space.start + u64::from(o)))),
                Field::TypeOffset => pending.extend(image.u32_at(place).filter(|o| *o != 0 && *o != u32::MAX).map(|o| space.start + u64::from(o))),
                // The first two lead to the equality function and the pointer mask.
                Field::Pointer if *offset >= 48 => {
                    if let Some(to) = address(place).filter(|to| (space.start..space.end).contains(to)) {
                        if space.read(to).is_none() { names.insert(to); } else { pending.push(to); }
                    }
                }
                Field::Pointer | Field::TextOffset | Field::RodataOffset => {}
            }
        }
        types.insert(at, found);
    }
    if let Some(container) = containers.iter_mut().find(|c| c.id == "go:typelink") {
        type_list::describe(&list, &types, container);
    }
    for (table, interface, concrete) in interface_tables {
        if let (Some(i), Some(c)) = (types.get(&interface), types.get(&concrete)) {
            let methods = image.u64_at(interface + 64).unwrap_or(0).clamp(1, 1 << 16);
            let name = format!("itab:{}/{:08x},{}/{:08x}", c.name, c.hash, i.name, i.hash);
            units.push(claim(table, table + 24 + 8 * methods, Some(name)));
        }
    }
    // What reads as a name or mask inside of a descriptor is none.
    let mut extents: Vec<(u64, u64)> = types.iter().map(|(at, found)| (*at, found.end)).collect();
    extents.sort_unstable();
    let free = |start: u64, end: u64| {
        let i = extents.partition_point(|e| e.0 < end);
        i == 0 || extents[i - 1].1 <= start
    };
    for at in names {
        if let Some((end, _)) = space.name(at).filter(|(end, _)| free(at, *end)) {
            let mut unit = claim(at, end, None);
            unit.pointers = false;
            if space.name_has_package(at) {
                unit.fields = Some(Box::new([((end - at - 4) as u32, Field::NameOffset)]));
            }
            units.push(unit);
        }
    }
    for (at, found) in types {
        let mask = address(at + 32).filter(|mask| found.mask_bytes > 0 && free(*mask, mask + found.mask_bytes));
        if let Some(mask) = mask {
            units.push(Unit { pointers: false, ..claim(mask, mask + found.mask_bytes, None) });
        }
        let mut unit = claim(at, found.end, Some(format!("type:{}/{:08x}", found.name, found.hash)));
        unit.fields = Some(found.fields.into());
        unit.pointers = false;
        units.push(unit);
    }
    function_data(image, go, &mut units, containers);
    let mut index = |id: &str, start: u64, size: u64| {
        containers.push(Container::new(id, "metadata"));
        units.push(Unit { class: Class::Container(containers.len() as u32 - 1), pointers: false, ..claim(start, start + size, None) });
    };
    let text = go.pclntab.functions.last().map_or(0, |f| f.end - go.pclntab.text_start);
    index("go:findfunctab", module.find_func_tab, text.div_ceil(4096) * 20);
    index("go:moduledata", module.address, module.size);
    index("go:textsections", module.text_sections.0, module.text_sections.1.min(1 << 10) * 24);
    units
}

fn function_data(image: &Image<'_>, go: &GoTables<'_>, units: &mut Vec<Unit>, containers: &mut Vec<Container>) {
    let tree = containers.len() as u32;
    containers.push(Container::new("go:inline-trees", "metadata"));
    let mut seen = FxHashSet::default();
    for (index, f) in go.pclntab.functions.iter().enumerate() {
        for (kind, offset) in f.funcdata.iter().enumerate() {
            let Some(at) = offset.map(|o| go.funcdata_address(o)) else { continue };
            if !seen.insert(at) {
                continue;
            }
            let count = |size: u64| image.u32_at(at).map(u64::from).filter(|n| *n < 1 << 20).map(|n| n * size);
            match kind {
                0 | 1 => {
                    let bits = u64::from(image.u32_at(at + 4).unwrap_or(0)).min(1 << 24);
                    let Some(size) = count(bits.div_ceil(8)) else { continue };
                    units.push(Unit { pointers: false, ..claim(at, at + 8 + size, None) });
                }
                FUNCDATA_STACK_OBJECTS => {
                    let Some(size) = count(16) else { continue };
                    let fields: Vec<_> = (0..size / 16).map(|i| ((8 + 16 * i + 12) as u32, Field::RodataOffset)).collect();
                    units.push(Unit { pointers: false, fields: Some(fields.into()), ..claim(at, at + 8 + size, None) });
                }
                FUNCDATA_INLINE_TREE => {
                    let size = go.inline_entries(index) * go.inline_entry_size();
                    units.push(Unit { class: Class::Container(tree), pointers: false, ..claim(at, at + size, None) });
                }
                FUNCDATA_WRAP_INFO => {
                    let fields: Box<[_]> = Box::new([(0, Field::TextOffset)]);
                    units.push(Unit { pointers: false, fields: Some(fields), ..claim(at, at + 4, None) });
                }
                _ => {}
            }
        }
    }
}

/// Places that only offsets lead to: function data without a length of its own, pointer masks.
pub fn places(image: &Image<'_>, go: &GoTables<'_>, claims: &[Unit]) -> Vec<u64> {
    let mut places = vec![go.module.gcdata, go.module.gcbss];
    for f in &go.pclntab.functions {
        places.extend(f.funcdata.iter().flatten().map(|o| go.funcdata_address(*o)));
    }
    for claim in claims {
        for (offset, field) in claim.fields.iter().flatten() {
            let at = claim.start + u64::from(*offset);
            match field {
                Field::RodataOffset => places.extend(image.u32_at(at).filter(|o| *o != 0).map(|o| go.module.rodata + u64::from(o))),
                Field::Pointer => places.extend(image.u64_at(at).filter(|to| image.mapped(*to))),
                _ => {}
            }
        }
    }
    places
}
