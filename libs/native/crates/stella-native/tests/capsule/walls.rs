use crate::support::{EXECUTABLE, compiled, frames_of, request, run, stdout};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const OUTSIDE: [&str; 6] = ["/etc/shadow", env!("CARGO_MANIFEST_DIR"), "/proc/self/maps", "/sys", "/root", "/host"];

fn attempt() -> Value {
    let mut request = request(&compiled("walls", &["-O1"]));
    request["args"] = json!(OUTSIDE);
    request
}

fn answers(outcome: &Value) -> BTreeMap<String, String> {
    stdout(outcome)
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(what, answer)| (what.to_string(), answer.to_string()))
        .collect()
}

fn assert_walled(outcome: &Value) {
    let answers = answers(outcome);
    for path in OUTSIDE {
        assert_eq!(answers[path], "ENOENT", "{path} is visible");
    }
    for (what, expected) in [
        ("socket inet", "EAFNOSUPPORT"),
        ("socket inet6", "EAFNOSUPPORT"),
        ("socket netlink", "EAFNOSUPPORT"),
        ("socket unix", "0"),
        ("write /usr", "EROFS"),
        ("write /", "EROFS"),
        ("write /work", "0"),
        ("write /tmp", "0"),
        ("ptrace", "EPERM"),
        ("unshare user", "EPERM"),
        ("clone user", "EPERM"),
        ("clone3", "ENOSYS"),
        ("mount", "EPERM"),
        ("io_uring", "ENOSYS"),
        ("bpf", "EPERM"),
        ("seccomp", "EPERM"),
        ("personality", "EPERM"),
        ("tsc", "EPERM"),
        ("inherited", "0"),
        ("ignored", "0"),
        ("x32", "ENOSYS"),
        ("int80", "ENOSYS"),
    ] {
        assert_eq!(answers[what], expected, "{what}");
    }
    // Without a second id in the namespace there is not even a user 0 to become.
    assert!(["EPERM", "EINVAL"].contains(&answers["setuid 0"].as_str()), "{}", answers["setuid 0"]);
    assert!(stdout(outcome).contains("uid 1000 euid 1000 caps 0\n"), "{}", stdout(outcome));
    for call in ["socket", "ptrace", "unshare", "mount", "bpf", "personality"] {
        assert!(outcome["refused"][call].as_u64().is_some_and(|count| count >= 1), "{call}: {}", outcome["refused"]);
    }
}

#[test]
fn a_program_can_not_leave_its_capsule() {
    let outcome = run(&attempt());
    assert_walled(&outcome);
    assert_eq!(outcome["isolation"], "I1");
}

#[test]
fn the_same_walls_stand_when_the_caller_is_no_root() {
    // SAFETY: plain system call.
    if unsafe { libc::geteuid() } != 0 {
        return assert_walled(&run(&attempt()));
    }
    // Everyone may read these copies, wherever the build's own folder is.
    let folder = std::env::temp_dir().join(format!("capsule-walls-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
    let (executable, program) = (folder.join("stella-native"), folder.join("walls"));
    std::fs::copy(EXECUTABLE, &executable).unwrap();
    std::fs::copy(compiled("walls", &["-O1"]), &program).unwrap();
    let mut request = attempt();
    request["program"] = json!(program);
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&executable);
    let frames = frames_of(&mut command, &request);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(frames.len(), 2, "{frames:?}");
    let outcome = &frames[0]["outcome"];
    assert_walled(outcome);
    assert_eq!(outcome["determinism"], "D1", "{}", outcome["pins"]);
}

#[test]
fn a_host_without_namespaces_is_refused_by_name() {
    // A user namespace may not make another once its own limit is 0.
    let mut command = Command::new("unshare");
    let script = r#"echo 0 > /proc/sys/user/max_user_namespaces && exec "$@""#;
    command.args(["--user", "--map-root-user", "sh", "-c", script, "sh", EXECUTABLE]);
    let frames = frames_of(&mut command, &attempt());
    assert_eq!(frames.len(), 1, "{frames:?}");
    let error = &frames[0]["error"];
    assert_eq!(error["reason"], "ISOLATION_UNAVAILABLE", "{error}");
    assert!(error["facts"]["missing"].as_str().unwrap().contains("user"), "{error}");
}

#[test]
fn the_probe_tells_what_the_host_gives() {
    let output = Command::new(EXECUTABLE).args(["capsule", "probe"]).output().unwrap();
    let frames = crate::support::frames(&output.stdout);
    let probe = &frames[0]["probe"];
    assert!(frames[1]["end"].is_object());
    assert_eq!(probe["isolation"], "I1", "{probe}");
    assert_eq!(probe["determinism"], "D1", "{probe}");
    assert_eq!(probe["namespaces"].as_object().unwrap().len(), 6);
}
