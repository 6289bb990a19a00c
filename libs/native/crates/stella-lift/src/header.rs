//! What the file says about itself.

use crate::RULESET;
use crate::go::buildinfo;
use crate::image::Image;
use serde_json::{Value, json};

/// The compiler or linker, and the words in the file that say so.
pub fn toolchain(image: &Image<'_>) -> Value {
    if let Some(info) = buildinfo::read(image) {
        return json!({ "name": "go", "version": info.go_version, "evidence": [".go.buildinfo"] });
    }
    let comment = image.section(".comment").map(|s| image.section_bytes(s)).unwrap_or(&[]);
    let mut lines: Vec<String> =
        comment.split(|b| *b == 0).filter(|l| !l.is_empty()).map(|l| String::from_utf8_lossy(l).into_owned()).collect();
    lines.sort();
    lines.dedup();
    let last_word = |l: &str| l.rsplit(' ').next().unwrap_or("").to_string();
    let known = [("rustc version ", "rustc"), ("clang version ", "clang"), ("GCC: ", "gcc")];
    for (mark, name) in known {
        if let Some(line) = lines.iter().find(|l| l.contains(mark)) {
            let version = match name {
                "gcc" => last_word(line),
                _ => line.split(mark).nth(1).unwrap_or("").split(' ').next().unwrap_or("").to_string(),
            };
            return json!({ "name": name, "version": version, "evidence": lines });
        }
    }
    json!({ "name": "unknown", "version": "", "evidence": lines })
}

pub fn describe(image: &Image<'_>) -> Value {
    let sections: Vec<Value> = image
        .sections
        .iter()
        .filter(|s| !s.name.is_empty())
        .map(|s| json!({ "name": s.name, "sizeBytes": s.end - s.start, "allocated": s.allocated, "writable": s.writable, "executable": s.executable }))
        .collect();
    json!({
        "format": "elf",
        "arch": "x86-64",
        "ruleset": RULESET,
        "sizeBytes": image.bytes.len(),
        "gnuBuildId": buildinfo::gnu_build_id(image),
        "goBuildId": buildinfo::build_id(image),
        "goBuildInfo": buildinfo::read(image),
        "toolchain": toolchain(image),
        "positionDependent": image.position_dependent(),
        "entry": format!("0x{:x}", image.entry),
        "stripped": !image.has_symtab,
        "sections": sections,
    })
}
