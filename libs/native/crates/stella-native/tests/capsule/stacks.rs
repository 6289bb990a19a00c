use crate::support::{comparable, compiled, request, run};
use serde_json::{Value, json};
use std::process::Command;

const CHAIN: [&str; 4] = ["innermost", "middle", "outer", "main"];

fn crashed(flags: &[&str], args: &[&str]) -> Value {
    let mut request = request(&compiled("crash", flags));
    request["args"] = json!(args);
    request["captureStack"] = json!(true);
    run(&request)
}

fn frames(outcome: &Value) -> &Vec<Value> {
    outcome["stack"]["threads"][0]["frames"].as_array().unwrap()
}

fn functions(outcome: &Value) -> Vec<&str> {
    frames(outcome).iter().filter_map(|frame| frame["symbol"].as_str()).collect()
}

fn has_chain(outcome: &Value) {
    let functions = functions(outcome);
    // What gcc moved out of a function's hot part still belongs to it.
    let functions: Vec<&str> = functions.iter().map(|name| name.trim_end_matches(".cold")).collect();
    assert!(functions.windows(CHAIN.len()).any(|window| window == CHAIN), "{functions:?}");
}

#[test]
fn a_bad_pointer_is_found_in_its_chain_of_calls() {
    for flags in [&["-O2"][..], &["-O0"], &["-O2", "-static"], &["-O2", "-fomit-frame-pointer", "-no-pie"]] {
        let outcome = crashed(flags, &["s"]);
        assert_eq!(outcome["exit"], json!({ "signal": 11 }));
        let thread = &outcome["stack"]["threads"][0];
        assert_eq!(thread["signal"], 11);
        assert_eq!(thread["siCode"], 1);
        assert_eq!(thread["faultAddress"], "0x1238");
        assert_eq!(thread["tid"], 2);
        assert_eq!(frames(&outcome)[0]["trust"], "context");
        assert_eq!(frames(&outcome)[1]["trust"], "cfi");
        assert_eq!(functions(&outcome)[0], "innermost", "{flags:?}");
        has_chain(&outcome);
    }
}

#[test]
fn without_unwind_tables_frame_pointers_do() {
    let flags = ["-O2", "-fno-omit-frame-pointer", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"];
    let outcome = crashed(&flags, &["s"]);
    has_chain(&outcome);
    assert_eq!(frames(&outcome)[1]["trust"], "frame-pointer");
}

#[test]
fn an_abort_is_unwound_through_libc() {
    let outcome = crashed(&["-O2"], &["a"]);
    assert_eq!(outcome["exit"], json!({ "signal": 6 }));
    has_chain(&outcome);
    assert!(functions(&outcome).contains(&"abort"), "{:?}", functions(&outcome));
}

#[test]
fn a_call_through_a_bad_pointer_shows_its_caller() {
    let outcome = crashed(&["-O2"], &["j"]);
    assert_eq!(frames(&outcome)[0]["pc"], "0x10");
    assert_eq!(frames(&outcome)[0]["module"], Value::Null);
    assert_eq!(frames(&outcome)[1]["trust"], "scan");
    has_chain(&outcome);
}

#[test]
fn every_thread_is_there_and_the_one_that_crashed_is_marked() {
    let outcome = crashed(&["-O2"], &["s", "thread"]);
    let threads = outcome["stack"]["threads"].as_array().unwrap();
    let marks: Vec<bool> = threads.iter().map(|thread| thread["crashed"].as_bool().unwrap()).collect();
    assert_eq!(marks, [true, false]);
    let idle: Vec<&str> =
        threads[1]["frames"].as_array().unwrap().iter().filter_map(|frame| frame["symbol"].as_str()).collect();
    assert!(idle.contains(&"idle"), "{idle:?}");
}

#[test]
fn a_stripped_program_has_offsets_and_a_build_id_that_name_the_same_places() {
    let full = crashed(&["-O2"], &["s"]);
    let unstripped = compiled("crash", &["-O2"]);
    let target = unstripped.with_extension("stripped");
    assert!(Command::new("strip").arg("-o").args([&target, &unstripped]).status().unwrap().success());
    let mut asked = request(&target);
    asked["captureStack"] = json!(true);
    let stripped = run(&asked);
    assert_eq!(frames(&stripped)[0]["symbol"], Value::Null);
    for (with, without) in frames(&full).iter().zip(frames(&stripped)) {
        for member in ["pc", "moduleOffset", "gnuBuildId", "trust"] {
            assert_eq!(with[member], without[member], "{member}");
        }
    }
    let build_id = frames(&stripped)[0]["gnuBuildId"].as_str().unwrap();
    assert_eq!(build_id.len(), 40);
    let module = &stripped["modules"][0];
    assert_eq!((module["path"].as_str(), module["gnuBuildId"].as_str()), (Some("/capsule/program"), Some(build_id)));
}

#[test]
fn the_stack_is_the_same_each_time_and_absent_unless_asked_for() {
    let first = crashed(&["-O2"], &["s"]);
    assert_eq!(comparable(&first), comparable(&crashed(&["-O2"], &["s"])));
    assert_eq!(run(&request(&compiled("crash", &["-O2"])))["stack"], Value::Null);
}
