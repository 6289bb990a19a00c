//! Compiles C at test time and lifts what comes out.
#![allow(dead_code)]

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use stella_frame::{Failure, read_frame};
use stella_lift::{Limits, lift_bytes};

static NEXT: AtomicU32 = AtomicU32::new(0);

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// gcc's output for one source text.
pub fn compile(source: &str, flags: &[&str], strip: bool) -> Vec<u8> {
    let name = format!("stella-lift-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let folder = Folder(std::env::temp_dir().join(name));
    std::fs::create_dir_all(&folder.0).unwrap();
    let (input, output) = (folder.0.join("a.c"), folder.0.join("a.out"));
    std::fs::write(&input, source).unwrap();
    let run = |program: &str, args: &[&str]| {
        let done = Command::new(program).args(args).output().unwrap();
        assert!(done.status.success(), "{program}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let mut args = vec!["-O2", "-o", output.to_str().unwrap(), input.to_str().unwrap()];
    args.extend(flags);
    run("gcc", &args);
    if strip {
        run("strip", &[output.to_str().unwrap()]);
    }
    std::fs::read(&output).unwrap()
}

#[derive(Debug)]
pub struct Lifted {
    pub leaves: BTreeMap<String, (Vec<u8>, Value)>,
    pub sides: BTreeMap<String, Value>,
    pub head: Value,
    pub end: Value,
}

pub fn try_lift(bytes: &[u8]) -> Result<Lifted, Failure> {
    let mut out = Vec::new();
    lift_bytes(bytes, &Limits::default(), Vec::new(), &mut out)?;
    let mut lifted = Lifted { leaves: BTreeMap::new(), sides: BTreeMap::new(), head: Value::Null, end: Value::Null };
    let mut input = out.as_slice();
    while let Some(frame) = read_frame(&mut input).unwrap() {
        let value: Value = serde_json::from_slice(&frame).unwrap();
        if let Some(head) = value.get("lift") {
            lifted.head = head.clone();
        } else if let Some(end) = value.get("end") {
            lifted.end = end.clone();
        } else if let Some(list) = value.get("side") {
            for side in list.as_array().unwrap() {
                lifted.sides.insert(side["id"].as_str().unwrap().into(), side.clone());
            }
        } else {
            let id = value["id"].as_str().unwrap().to_string();
            if let Some((last, _)) = lifted.leaves.last_key_value() {
                assert!(last.as_bytes() < id.as_bytes(), "leaves ascend by identifier and are unique: {last} {id}");
            }
            lifted.leaves.insert(id, (frame, value));
        }
    }
    Ok(lifted)
}

pub fn lift(bytes: &[u8]) -> Lifted {
    let lifted = try_lift(bytes).unwrap();
    let total: u64 = lifted.leaves.values().map(|(_, v)| v["size"].as_u64().unwrap()).sum();
    assert_eq!(Some(total), lifted.end["bytesLoaded"].as_u64(), "each loaded byte belongs to exactly one leaf");
    lifted
}

/// Identifiers of leaves of one kind whose bytes differ, sorted; `+`, `-` or `~` in front.
pub fn changed(a: &Lifted, b: &Lifted, kind: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (id, (bytes, value)) in &a.leaves {
        if value["kind"] != kind {
            continue;
        }
        match b.leaves.get(id) {
            None => out.push(format!("-{id}")),
            Some((other, _)) if other != bytes => out.push(format!("~{id}")),
            Some(_) => {}
        }
    }
    for (id, (_, value)) in &b.leaves {
        if value["kind"] == kind && !a.leaves.contains_key(id) {
            out.push(format!("+{id}"));
        }
    }
    out.sort();
    out
}

/// How many functions of `a` have no partner with the same normal form in `b`.
pub fn changed_forms(a: &Lifted, b: &Lifted) -> usize {
    let forms = |l: &Lifted| {
        let mut all: Vec<String> =
            l.leaves.values().filter(|(_, v)| v["kind"] == "function").map(|(_, v)| v["e1"].as_str().unwrap().to_string()).collect();
        all.sort();
        all
    };
    let mut rest = forms(b);
    forms(a).iter().filter(|form| rest.iter().position(|r| r == *form).map(|i| rest.remove(i)).is_none()).count()
}
