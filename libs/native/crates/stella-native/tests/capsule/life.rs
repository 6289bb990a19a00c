use crate::support::{EXECUTABLE, compiled, request, run};
use serde_json::json;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use stella_frame::write_json;

/// Processes whose hostname namespace carries this capsule's name have it in no file: they are found by argument.
fn alive(mark: &str) -> usize {
    let holds = |path: std::path::PathBuf| {
        fs::read(path).is_ok_and(|text| text.windows(mark.len()).any(|part| part == mark.as_bytes()))
    };
    fs::read_dir("/proc").unwrap().flatten().filter(|entry| holds(entry.path().join("cmdline"))).count()
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn nothing_outlives_a_capsule_that_is_killed() {
    let mark = format!("orphans-of-{}", std::process::id());
    let mut request = request(&compiled("orphans", &["-O1"]));
    request["args"] = json!([mark]);
    let mounts = || fs::read_to_string("/proc/self/mountinfo").unwrap().lines().count();
    let before = mounts();
    let mut capsule =
        Command::new(EXECUTABLE).args(["capsule", "run"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = capsule.stdin.take().unwrap();
    write_json(&mut input, &request).unwrap();
    input.flush().unwrap();
    until("the program and its three children never started", || alive(&mark) == 4);
    capsule.kill().unwrap();
    capsule.wait().unwrap();
    until("processes were left behind", || alive(&mark) == 0);
    assert_eq!(mounts(), before);
}

#[test]
fn what_a_program_leaves_running_ends_with_it() {
    let mark = format!("cap-orphans-of-{}", std::process::id());
    let mut request = request(&compiled("orphans", &["-O1"]));
    request["args"] = json!([mark]);
    request["caps"] = json!({ "wallMs": 200 });
    assert_eq!(run(&request)["capHit"], "wall");
    assert_eq!(alive(&mark), 0);
}
