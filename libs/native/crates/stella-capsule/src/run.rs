//! One run, from the request's bytes to its outcome.

use crate::inputs;
use crate::jail::WORK_DIR;
use crate::outcome::{Cap, Exit, Measured, Outcome, Stream};
use crate::request::{self, Request};
use crate::rng::SplitMix64;
use crate::spawn::{Spawned, internal, spawn};
use crate::trace::{RANDOM_OF_DEVICE, Report, Tracer};
use crate::watch::{Drained, Guard, Output, Watch};
use crate::{control::Message, host};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Instant;
use stella_frame::Failure;

/// What D1 leaves as it is, on every run.
const UNPINNED: &[&str] = &[
    "thread schedule: threads run free",
    "what the processor itself tells: cpuid, rdpid, rdrand, rdseed",
    "file times and device numbers in stat",
    "real time of waits",
];

/// Runs the program that `body` (one JSON request) describes.
///
/// Errors: those of `request::parse`, `inputs::load` and `spawn::spawn`; `EXEC_FAILED`; `CAPSULE_FAILED`.
pub fn run(body: &[u8]) -> Result<Outcome, Failure> {
    let began = Instant::now();
    let request = request::parse(body)?;
    let inputs = inputs::load(&request)?;
    let mut spawned = spawn(&request, &inputs)?;
    let guard = Guard::new(spawned.init).map_err(|error| internal("pidfd", &error))?;
    let watch = watch(&request, &mut spawned).map_err(|error| internal("open the capsule's files", &error))?;
    let (report, drained) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| watch.run(&guard));
        let tsc = spawned.tsc_trapped;
        let tracer = Tracer::new(&request, &guard, spawned.main, spawned.init, tsc, began);
        // The program goes on to `execve`; if this fails it has gone already, which the tracer reports.
        let _ = spawned.control.send_go();
        let report = tracer.run();
        guard.finish();
        (report, watching.join().unwrap_or_default())
    });
    if report.started_ms.is_none() {
        return Err(not_started(&request, &spawned));
    }
    let wall_ms = guard.elapsed_ms();
    finish(&request, report, drained, guard.cap(), wall_ms)
}

fn watch(request: &Request, spawned: &mut Spawned) -> io::Result<Watch> {
    let root = format!("/proc/{}/root", spawned.init);
    let flags = libc::O_NONBLOCK | libc::O_CLOEXEC;
    let random = OpenOptions::new().read(true).write(true).custom_flags(flags).open(format!("{root}/dev/urandom"))?;
    let disk = File::open(format!("{root}{WORK_DIR}"))?;
    Ok(Watch {
        stdout: spawned.stdout.try_clone()?,
        stderr: spawned.stderr.try_clone()?,
        random,
        stream: SplitMix64::stream(request.seeds.random, RANDOM_OF_DEVICE, 0),
        disk,
        caps: request.caps,
    })
}

fn not_started(request: &Request, spawned: &Spawned) -> Failure {
    let cause = match spawned.control.receive(0) {
        Ok(Message::Failed(failed)) if failed.step != "execve" => {
            return internal(&failed.step, &io::Error::from_raw_os_error(failed.errno));
        }
        Ok(Message::Failed(failed)) => io::Error::from_raw_os_error(failed.errno).to_string(),
        _ => "it ended before it was started".into(),
    };
    let next = "check the file's format, its interpreter, and that the closure holds its loader and libraries";
    Failure::new("EXEC_FAILED", "the kernel refused to start the program", next)
        .fact("path", request.program.display())
        .fact("cause", cause)
}

fn finish(
    request: &Request,
    report: Report,
    drained: Drained,
    cap: Option<Cap>,
    wall: f64,
) -> Result<Outcome, Failure> {
    if report.pins.contains_key("sandbox") {
        let why = io::Error::other("capabilities, no_new_privs or the filter are not as set");
        return Err(internal("verify the sandbox", &why));
    }
    let exit = report.exit.unwrap_or(Exit::Signal(libc::SIGKILL));
    let pinned = report.all_pinned();
    let mut pins = report.pins;
    for name in ["environment", "cwd", "hostname", "uid", "stdin", "urandom"] {
        // Each of these steps ends the run when it fails.
        pins.insert(name, crate::trace::PINNED.into());
    }
    let mut touched = report.non_determinism;
    if drained.random_bytes > 0 {
        touched.insert("urandomBytes", drained.random_bytes);
    }
    Ok(Outcome {
        exit,
        cap_hit: cap,
        stdout: stream(drained.stdout),
        stderr: stream(drained.stderr),
        measured: Measured {
            wall_ms: wall,
            cpu_ms: report.cpu_ms,
            max_rss_bytes: report.max_rss_bytes,
            setup_ms: report.started_ms.unwrap_or(0.0),
            stops: report.stops,
        },
        pins,
        unpinned: UNPINNED,
        non_determinism: touched,
        refused: report.refused,
        threads: report.threads,
        stack: report.stack,
        modules: report.modules,
        determinism: pinned.then_some(request.determinism),
        isolation: request.isolation,
        enforced_by: enforced_by(request),
        kernel: host::kernel(),
        cpu_model_class: host::cpu_model_class(),
    })
}

fn enforced_by(request: &Request) -> BTreeMap<&'static str, String> {
    let watch = |what: &str| format!("watch of {what} every {} ms", crate::limits::WATCH_INTERVAL_MS);
    BTreeMap::from([
        ("wall", watch("the clock")),
        ("cpu", format!("{}, RLIMIT_CPU", watch("the processes' CPU clocks"))),
        ("memory", watch("resident sets")),
        ("pids", "tracer count at each clone, RLIMIT_NPROC".into()),
        ("disk", format!("tmpfs size ({} bytes), RLIMIT_FSIZE", request.caps.disk_bytes)),
        ("output", "count of bytes read".into()),
        ("openFiles", "RLIMIT_NOFILE".into()),
    ])
}

fn stream(output: Output) -> Stream {
    let digest = Sha256::digest(&output.bytes);
    Stream {
        size_bytes: output.bytes.len() as u64,
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        base64: STANDARD.encode(&output.bytes),
        truncated: output.truncated,
    }
}
