use crate::support::{compiled, request, run};
use serde_json::{Value, json};

fn greedy(what: &str, caps: Value) -> Value {
    let mut request = request(&compiled("greedy", &["-O1"]));
    request["args"] = json!([what]);
    request["caps"] = caps;
    run(&request)
}

fn killed_by(cap: &str, outcome: &Value) {
    assert_eq!(outcome["capHit"], cap, "{outcome}");
    assert_eq!(outcome["exit"], json!({ "signal": 9 }), "{outcome}");
    assert!(outcome["enforcedBy"][cap].as_str().is_some_and(|how| !how.is_empty()));
}

#[test]
fn a_fork_bomb_ends_at_pids() {
    let outcome = greedy("pids", json!({ "pids": 20 }));
    killed_by("pids", &outcome);
    assert!(outcome["threads"].as_u64().unwrap() <= 22, "{outcome}");
}

#[test]
fn a_memory_hog_ends_at_memory() {
    let outcome = greedy("memory", json!({ "memoryBytes": 64 << 20 }));
    killed_by("memory", &outcome);
    let peak = outcome["measured"]["maxRssBytes"].as_u64().unwrap();
    assert!(peak < 512 << 20, "it overshot to {peak}");
}

#[test]
fn a_flood_ends_at_output_and_what_was_read_is_handed_back() {
    let outcome = greedy("output", json!({ "outputBytes": 100_000 }));
    killed_by("output", &outcome);
    assert_eq!(outcome["stdout"]["sizeBytes"], 100_000);
    assert_eq!(outcome["stdout"]["truncated"], true);
    assert_eq!(outcome["stderr"]["truncated"], false);
}

#[test]
fn a_full_disk_is_the_programs_to_handle_and_is_named() {
    let outcome = greedy("disk", json!({ "diskBytes": 1 << 20 }));
    assert_eq!(outcome["capHit"], "disk", "{outcome}");
    // ENOSPC, or the signal of the file size limit, whichever the program meets first.
    assert!(outcome["exit"] == json!({ "code": 9 }) || outcome["exit"] == json!({ "signal": 25 }), "{outcome}");
}

#[test]
fn a_loop_ends_at_cpu() {
    let outcome = greedy("cpu", json!({ "cpuMs": 100 }));
    killed_by("cpu", &outcome);
    assert!(outcome["measured"]["cpuMs"].as_f64().unwrap() < 1000.0, "{outcome}");
}

#[test]
fn a_sleeper_ends_at_wall() {
    let outcome = greedy("wall", json!({ "wallMs": 150 }));
    killed_by("wall", &outcome);
    let wall = outcome["measured"]["wallMs"].as_f64().unwrap();
    assert!((150.0..2000.0).contains(&wall), "{wall}");
}
