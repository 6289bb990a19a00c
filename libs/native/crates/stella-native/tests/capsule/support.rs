//! Compiles the programs and speaks the frames.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use stella_frame::{read_frame, write_json};

pub const EXECUTABLE: &str = env!("CARGO_BIN_EXE_stella-native");

/// Compiles `programs/<name>.c`; each set of flags is a file of its own.
pub fn compiled(name: &str, flags: &[&str]) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/capsule/programs/{name}.c"));
    let tag: String = flags.concat().chars().filter(char::is_ascii_alphanumeric).collect();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("capsule");
    std::fs::create_dir_all(&folder).unwrap();
    let target = folder.join(format!("{name}-{tag}"));
    // Tests run at the same time: whoever is first to finish wins, with the same bytes.
    let own = folder.join(format!("{name}-{tag}-{:?}", std::thread::current().id()));
    let done = Command::new("gcc").arg("-w").args(flags).arg("-o").args([&own, &source]).arg("-lpthread").status();
    assert!(done.unwrap().success(), "gcc could not compile {}", source.display());
    std::fs::rename(own, &target).unwrap();
    target
}

pub fn request(program: &Path) -> Value {
    json!({ "program": program })
}

pub fn frames(mut bytes: &[u8]) -> Vec<Value> {
    std::iter::from_fn(|| read_frame(&mut bytes).unwrap())
        .map(|frame| serde_json::from_slice(&frame).unwrap())
        .collect()
}

/// All frames of one run by `runner` (the executable, or a command that ends in it).
pub fn frames_of(runner: &mut Command, request: &Value) -> Vec<Value> {
    let mut child = runner
        .args(["capsule", "run"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    write_json(&mut input, request).unwrap();
    input.flush().unwrap();
    drop(input);
    frames(&child.wait_with_output().unwrap().stdout)
}

pub fn run(request: &Value) -> Value {
    let frames = frames_of(&mut Command::new(EXECUTABLE), request);
    assert_eq!(frames.len(), 2, "{frames:?}");
    assert!(frames[1]["end"].is_object(), "{frames:?}");
    frames[0]["outcome"].clone()
}

/// The error of a run that must fail.
pub fn refusal(request: &Value) -> Value {
    let frames = frames_of(&mut Command::new(EXECUTABLE), request);
    assert_eq!(frames.len(), 1, "{frames:?}");
    frames[0]["error"].clone()
}

pub fn stdout(outcome: &Value) -> String {
    String::from_utf8(STANDARD.decode(outcome["stdout"]["base64"].as_str().unwrap()).unwrap()).unwrap()
}

/// What is compared between runs: all but what is measured.
pub fn comparable(outcome: &Value) -> Value {
    let mut compared = outcome.clone();
    compared.as_object_mut().unwrap().remove("measured");
    compared
}
