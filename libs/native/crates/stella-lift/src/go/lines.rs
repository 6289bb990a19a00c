//! What only tracebacks and profilers read: line tables, file names, inline trees; one leaf a package.

use super::pclntab::Layout;
use super::regions::{FUNCDATA_INLINE_TREE, GoTables, PCDATA_INLINE_TREE};
use super::u32_at;
use crate::Hash;
use crate::image::Image;
use crate::relocations::Relocations;
use crate::space::{Word, word_at};
use crate::units::{Container, Unit};
use std::collections::BTreeMap;

/// The package of a symbol: up to the first dot after the last slash (outside of type arguments).
pub fn package_of(name: &str) -> &str {
    let plain = name.find('[').map_or(name, |i| &name[..i]);
    let slash = plain.rfind('/').map_or(0, |i| i + 1);
    plain[slash..].find('.').map_or(plain, |dot| &plain[..slash + dot])
}

/// The list of interface tables refers to its members and holds nothing else: the runtime puts them into a hash table.
pub fn interface_list(image: &Image<'_>, relocations: &Relocations, go: &GoTables<'_>, claims: &[Unit], containers: &mut [Container]) {
    let Some(container) = containers.iter_mut().find(|c| c.id == "go:itablink") else { return };
    let named: rustc_hash::FxHashSet<u64> = claims.iter().filter(|c| c.name.is_some()).map(|c| c.start).collect();
    let (start, count) = go.module.itablinks;
    for i in 0..count.min(1 << 22) {
        if let Some(Word::Address(to)) = word_at(image, relocations, start + 8 * i, image.position_dependent()) {
            container.references.push(to);
            container.residual += u64::from(!named.contains(&to));
        }
    }
}

/// Adds a leaf of no bytes for each package: they lie in the shared tables.
pub fn line_contents(image: &Image<'_>, go: &GoTables<'_>, containers: &mut Vec<Container>) {
    let table = &go.pclntab;
    let mut packages: BTreeMap<&str, Vec<(&str, Hash)>> = BTreeMap::new();
    for (index, f) in table.functions.iter().enumerate() {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&f.start_line.to_le_bytes());
        hasher.update(table.table(f.pcln));
        hasher.update(table.table(f.pcfile));
        if let Some(offset) = f.pcdata.get(PCDATA_INLINE_TREE) {
            hasher.update(table.table(*offset));
        }
        inline_tree(image, go, index, &mut hasher);
        let mut last = -1;
        for (file, _) in super::pclntab::steps(table.table(f.pcfile)) {
            if file != last && file >= 0 {
                hasher.update(table.file(f.cu_offset, file as u32).unwrap_or("?").as_bytes()).update(b"\n");
                last = file;
            }
        }
        packages.entry(package_of(f.name)).or_default().push((f.name, *hasher.finalize().as_bytes()));
    }
    for (package, mut list) in packages {
        list.sort_unstable();
        let mut container = Container::new(format!("lines:{package}"), "metadata");
        for (name, hash) in list {
            container.content.update(name.as_bytes()).update(&hash);
        }
        containers.push(container);
    }
}

/// The inline tree of a function without offsets of names: for each entry its name, then its other words.
fn inline_tree(image: &Image<'_>, go: &GoTables<'_>, function: usize, hasher: &mut blake3::Hasher) {
    let f = &go.pclntab.functions[function];
    let Some(Some(offset)) = f.funcdata.get(FUNCDATA_INLINE_TREE) else { return };
    let (start, size) = (go.funcdata_address(*offset), go.inline_entry_size());
    // Where the name's offset lies, and from where on the words are kept.
    let (name, file) = if go.pclntab.layout >= Layout::Go120 { (4, None) } else { (12, Some(4)) };
    for i in 0..go.inline_entries(function) {
        let Some(bytes) = image.slice(start + i * size, start + (i + 1) * size) else { return };
        for at in (0..size as usize).step_by(4) {
            let word = u32_at(bytes, at).unwrap_or(0);
            if at == name {
                hasher.update(go.pclntab.name_at(word).unwrap_or("?").as_bytes()).update(&[0]);
            } else if Some(at) == file {
                let path = go.pclntab.file(f.cu_offset, word).unwrap_or("?");
                hasher.update(path.as_bytes()).update(&[0]);
            } else {
                hasher.update(&word.to_le_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::package_of;

    #[test]
    fn packages_of_methods_generics_and_domains() {
        assert_eq!(package_of("github.com/a/b.v2/c.(*T).m"), "github.com/a/b.v2/c");
        assert_eq!(package_of("slices.Sort[go.shape.string/x.y]"), "slices");
        assert_eq!(package_of("runtime.main"), "runtime");
        assert_eq!(package_of("_rt0_amd64"), "_rt0_amd64");
    }
}
