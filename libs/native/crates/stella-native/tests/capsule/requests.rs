use crate::support::{compiled, refusal, request, run, stdout};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn reason(request: &Value) -> String {
    let error = refusal(request);
    for member in ["message", "next"] {
        assert!(error[member].as_str().is_some_and(|text| !text.is_empty()), "{error}");
    }
    error["reason"].as_str().unwrap().to_string()
}

fn shell(script: &str) -> Value {
    json!({ "program": "/usr/bin/dash", "args": ["-c", script] })
}

#[test]
fn members_are_checked_one_by_one_and_named() {
    for (member, value, field) in [
        ("surprise", json!(1), "surprise"),
        ("uid", json!(0), "uid"),
        ("gid", json!(0), "gid"),
        ("args", json!("-c"), "args"),
        ("args", json!(["a\0b"]), "args"),
        ("env", json!({ "A=B": "1" }), "env"),
        ("caps", json!({ "wallMs": "1" }), "caps.wallMs"),
        ("closure", json!(["/usr/../etc"]), "closure"),
        ("closure", json!(["/proc"]), "closure"),
        ("program", json!("relative"), "program"),
        ("files", json!([{ "path": "../up", "source": "/etc/passwd" }]), "files.path"),
        ("determinism", json!("D9"), "determinism"),
        ("isolation", json!("I0"), "isolation"),
        ("stdin", json!({ "base64": "!" }), "stdin.base64"),
    ] {
        let mut request = shell("true");
        request[member] = value;
        let error = refusal(&request);
        assert_eq!(error["reason"], "REQUEST_INVALID", "{member}: {error}");
        assert_eq!(error["facts"]["field"], field, "{error}");
    }
    assert_eq!(reason(&json!({})), "REQUEST_INVALID");
}

#[test]
fn caps_have_bounds() {
    for (cap, value) in [("wallMs", 0), ("wallMs", 600_001), ("memoryBytes", 1), ("pids", 0), ("openFiles", 1)] {
        let mut request = shell("true");
        request["caps"] = json!({ cap: value });
        let error = refusal(&request);
        assert_eq!(error["reason"], "CAP_INVALID", "{error}");
        assert_eq!(error["facts"]["cap"], cap);
    }
}

#[test]
fn a_program_that_can_not_run_is_refused_with_the_reason() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("requests");
    fs::create_dir_all(&folder).unwrap();
    let text = folder.join("text");
    fs::write(&text, "no program").unwrap();
    assert_eq!(reason(&request(Path::new("/no/such/program"))), "PROGRAM_NOT_FOUND");
    assert_eq!(reason(&request(&text)), "PROGRAM_NOT_EXECUTABLE");
    assert_eq!(reason(&request(&folder)), "PROGRAM_NOT_EXECUTABLE");
    let script = folder.join("script");
    fs::copy(compiled("crash", &["-O1"]), &script).unwrap();
    fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    let error = refusal(&request(&script));
    assert_eq!(error["reason"], "EXEC_FAILED", "{error}");
    assert!(error["facts"]["cause"].as_str().unwrap().contains("No such file"), "{error}");
    let mut without_loader = request(&compiled("machine", &["-O1"]));
    without_loader["closure"] = json!([]);
    assert_eq!(reason(&without_loader), "EXEC_FAILED");
    let mut missing = shell("true");
    missing["files"] = json!([{ "path": "a", "source": "/no/such/file" }]);
    assert_eq!(reason(&missing), "INPUT_NOT_FOUND");
}

#[test]
fn inputs_have_one_budget() {
    let large = Path::new(env!("CARGO_TARGET_TMPDIR")).join("large");
    fs::File::create(&large).unwrap().set_len((64 << 20) + 1).unwrap();
    let mut request = shell("true");
    request["stdin"] = json!({ "path": large });
    assert_eq!(reason(&request), "INPUT_TOO_LARGE");
    request["stdin"] = json!({ "base64": "" });
    request["caps"] = json!({ "diskBytes": 4096 });
    request["files"] = json!([{ "path": "large", "source": large }]);
    assert_eq!(reason(&request), "INPUT_TOO_LARGE");
}

#[test]
fn a_program_gets_its_input_and_files_and_nothing_else() {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("input.txt");
    fs::write(&source, "from a file\n").unwrap();
    let mut request = shell("cat; cat sub/in.txt; ls -A; pwd; echo $HOME.$PATH; exit 5");
    request["stdin"] = json!({ "base64": STANDARD.encode("from standard input\n") });
    request["files"] = json!([{ "path": "sub/in.txt", "source": source }]);
    request["env"] = json!({ "PATH": "/usr/bin" });
    let outcome = run(&request);
    assert_eq!(outcome["exit"], json!({ "code": 5 }));
    assert_eq!(stdout(&outcome), "from standard input\nfrom a file\nsub\n/work\n./usr/bin\n");
}
