use crate::support::{EXECUTABLE, comparable, compiled, frames_of, request, run, stdout};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;

const RUNS: usize = 10;

/// Runs it `RUNS` times and asserts that everything that is compared is the same.
fn the_same_each_time(request: &Value) -> Value {
    let outcomes: Vec<Value> = (0..RUNS).map(|_| run(request)).collect();
    let texts: BTreeSet<String> = outcomes.iter().map(stdout).collect();
    assert_eq!(texts.len(), 1, "{texts:#?}");
    let compared: BTreeSet<String> = outcomes.iter().map(|outcome| comparable(outcome).to_string()).collect();
    assert_eq!(compared.len(), 1, "{compared:#?}");
    outcomes[0].clone()
}

#[test]
fn a_program_is_told_the_same_about_its_machine_each_time() {
    let mut request = request(&compiled("machine", &["-O1", "-fstack-protector-all"]));
    request["env"] = json!({ "GREETING": "hello" });
    let outcome = the_same_each_time(&request);
    assert_eq!(outcome["exit"], json!({ "code": 0 }));
    assert_eq!(outcome["determinism"], "D1");
    let text = stdout(&outcome);
    for line in [
        "clock 0 1577836800.",
        "clock 1 1000.",
        "pointers 0x55555555",
        "ids 2 1 1000 1000 2 2",
        "uname Linux capsule 6.1.0-capsule",
        "host capsule uptime 1000 ram 536870912 procs 1 faults 0",
        "cpus 1 ",
        "cwd /work argc 1 argv0 /capsule/program",
        "env GREETING=hello\nenv LC_ALL=C.UTF-8\nenv TZ=UTC\n",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    let touched = &outcome["nonDeterminism"];
    for source in ["clock", "random", "rdtsc", "affinity", "machine", "cpuTime"] {
        assert!(touched[source].as_u64().unwrap() >= 1, "{source}: {touched}");
    }
    assert_eq!(touched["urandomBytes"], 80);
}

#[test]
fn seeds_and_the_epoch_are_what_the_program_sees() {
    let program = compiled("machine", &["-O1"]);
    let with = |seed: u64, epoch: u64| {
        let mut request = request(&program);
        request["seeds"] = json!({ "random": seed });
        request["clock"] = json!({ "epochNs": epoch, "tickNs": 5 });
        stdout(&run(&request))
    };
    let line = |text: &str, start: &str| text.lines().find(|line| line.starts_with(start)).unwrap().to_string();
    let (first, second, later) = (with(1, 0), with(2, 0), with(1, 9_000_000_000));
    for start in ["getrandom", "/dev/urandom", "/dev/random", "AT_RANDOM", "guard"] {
        assert_ne!(line(&first, start), line(&second, start));
        assert_eq!(line(&first, start), line(&later, start));
    }
    // The dynamic loader and libc read the counter, which is the same clock: only whole seconds are certain.
    assert!(line(&first, "clock 0 ").starts_with("clock 0 0."), "{first}");
    assert!(line(&later, "clock 0 ").starts_with("clock 0 9."), "{later}");
    assert_ne!(line(&first, "/dev/urandom"), line(&first, "/dev/random").replace("/dev/random", "/dev/urandom"));
}

#[test]
fn directories_are_listed_by_name() {
    let outcome = the_same_each_time(&request(&compiled("listing", &["-O1"])));
    let text = stdout(&outcome);
    let lists: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lists[0].len(), 602);
    assert!(lists[0].is_sorted(), "{:?}", lists[0]);
    assert_eq!(lists[0][1..], lists[1][..], "a position that was told comes back to the same place");
    assert_eq!(outcome["pins"]["directoryOrder"], "pinned");
}

#[test]
fn threads_and_child_images_have_streams_of_their_own() {
    let outcome = the_same_each_time(&request(&compiled("spawner", &["-O1"])));
    let text = stdout(&outcome);
    let drawn: BTreeSet<&str> = text.lines().filter_map(|line| line.strip_prefix("thread ")).collect();
    assert_eq!(drawn.len(), 4, "{text}");
    assert!(text.ends_with("status 7\n"), "{text}");
    assert_eq!(outcome["threads"], 6);
    assert_eq!(outcome["nonDeterminism"]["thread"], 4);
    assert_eq!(outcome["nonDeterminism"]["process"], 1);
}

#[test]
fn a_wait_that_ran_out_has_passed_by_the_programs_own_clock() {
    let outcome = the_same_each_time(&request(&compiled("waits", &["-O1"])));
    let text = stdout(&outcome);
    for name in ["nanosleep", "clock_nanosleep", "poll", "epoll", "select", "timedwait"] {
        let passed = text.lines().filter_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok()).next_back();
        assert!(matches!(passed, Some(20..=21)), "{name}: {passed:?}\n{text}");
    }
    assert!(text.contains("timedwait 1\ndeadline kept 1\n"), "{text}");
    assert!(outcome["measured"]["wallMs"].as_f64().unwrap() >= 120.0, "it waits in real time");
}

#[test]
fn a_static_program_and_standard_input_behave_the_same() {
    let mut request = request(&compiled("machine", &["-O1", "-static"]));
    request["args"] = json!(["one", "two"]);
    request["hostname"] = json!("elsewhere");
    request["uid"] = json!(1234);
    let text = stdout(&the_same_each_time(&request));
    assert!(text.contains("argc 3") && text.contains("host elsewhere") && text.contains("ids 2 1 1234 1000"), "{text}");
}

#[test]
fn a_pin_that_the_host_refuses_costs_the_level_and_is_named() {
    let mut command = Command::new(compiled("without_personality", &["-O1"]));
    let frames = frames_of(command.arg(EXECUTABLE), &request(&compiled("machine", &["-O1"])));
    let outcome = &frames[0]["outcome"];
    assert_eq!(outcome["exit"], json!({ "code": 0 }), "{frames:?}");
    assert_eq!(outcome["determinism"], Value::Null);
    assert!(outcome["pins"]["aslr"].as_str().unwrap().starts_with("not-pinned: "), "{}", outcome["pins"]);
    let others = outcome["pins"].as_object().unwrap().iter().filter(|(name, _)| *name != "aslr");
    others.for_each(|(name, state)| assert_eq!(state, "pinned", "{name}"));
}
