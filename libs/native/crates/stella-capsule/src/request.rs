//! What a capsule is asked to run: one strict JSON object.

use crate::limits::*;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use stella_frame::Failure;

/// One run. Unknown members are refused; every member without a stated default is required.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Host path of the program's file.
    pub program: PathBuf,
    /// Where the program sees itself; also `argv[0]`. The same for every build, since the kernel copies it to the
    /// stack and so moves all below it.
    #[serde(default = "default_program_path")]
    pub program_path: PathBuf,
    #[serde(default)]
    pub args: Vec<String>,
    /// The only environment the program sees, besides `LC_ALL` and `TZ`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    #[serde(default)]
    pub stdin: Stdin,
    /// Copied to the working directory before the start.
    #[serde(default)]
    pub files: Vec<InputFile>,
    /// Host paths visible read-only at the same path.
    #[serde(default = "default_closure")]
    pub closure: Vec<PathBuf>,
    #[serde(default)]
    pub clock: Clock,
    #[serde(default)]
    pub seeds: Seeds,
    #[serde(default = "default_hostname")]
    pub hostname: String,
    /// Inside the capsule; never 0.
    #[serde(default = "default_id")]
    pub uid: u32,
    #[serde(default = "default_id")]
    pub gid: u32,
    #[serde(default = "default_locale")]
    pub locale: String,
    #[serde(default = "default_tz")]
    pub tz: String,
    #[serde(default)]
    pub caps: Caps,
    #[serde(default)]
    pub determinism: Determinism,
    #[serde(default)]
    pub isolation: Isolation,
    #[serde(default)]
    pub capture_stack: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Stdin {
    #[default]
    Empty,
    /// Host path.
    Path(PathBuf),
    Base64(String),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InputFile {
    /// Relative to the working directory, without `..`.
    pub path: PathBuf,
    /// Host path.
    pub source: PathBuf,
    #[serde(default)]
    pub executable: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Clock {
    /// Nanoseconds since 1970 at the program's start.
    pub epoch_ns: u64,
    /// How far each query advances the clock.
    pub tick_ns: u64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { epoch_ns: 1_577_836_800_000_000_000, tick_ns: 1_000 }
    }
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Seeds {
    pub random: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Caps {
    pub cpu_ms: u64,
    pub wall_ms: u64,
    /// Resident, all processes together.
    pub memory_bytes: u64,
    /// Threads and processes alive at once.
    pub pids: u64,
    /// Working directory and `/tmp` together.
    pub disk_bytes: u64,
    /// Each of stdout and stderr.
    pub output_bytes: u64,
    pub open_files: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            cpu_ms: 10_000,
            wall_ms: 20_000,
            memory_bytes: 512 << 20,
            pids: 64,
            disk_bytes: 64 << 20,
            output_bytes: 1 << 20,
            open_files: 256,
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
pub enum Determinism {
    #[default]
    D1,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
pub enum Isolation {
    #[default]
    I1,
}

fn default_program_path() -> PathBuf {
    "/capsule/program".into()
}
fn default_closure() -> Vec<PathBuf> {
    ["/lib", "/lib64", "/usr"].iter().map(PathBuf::from).filter(|path| path.exists()).collect()
}
fn default_hostname() -> String {
    "capsule".into()
}
fn default_id() -> u32 {
    1000
}
fn default_locale() -> String {
    "C.UTF-8".into()
}
fn default_tz() -> String {
    "UTC".into()
}

/// Parses and checks a request.
///
/// Errors: `REQUEST_INVALID` with the member's path in `field`, `CAP_INVALID` with the cap, its value and its bounds.
pub fn parse(body: &[u8]) -> Result<Request, Failure> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let request: Request = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        invalid(&field, &error.into_inner().to_string())
    })?;
    json.end().map_err(|error| invalid(".", &error.to_string()))?;
    check(&request)?;
    Ok(request)
}

pub(crate) fn invalid(field: &str, why: &str) -> Failure {
    Failure::new("REQUEST_INVALID", format!("{field}: {why}"), "correct the member that is named and send again")
        .fact("field", field)
}

fn check(request: &Request) -> Result<(), Failure> {
    absolute("program", &request.program)?;
    absolute("programPath", &request.program_path)?;
    if request.program_path.file_name().is_none() {
        return Err(invalid("programPath", "names no file"));
    }
    for path in &request.closure {
        absolute("closure", path)?;
        if ["/", "/proc", "/sys", "/dev", "/work", "/tmp", "/capsule"].iter().any(|own| path == Path::new(own)) {
            return Err(invalid("closure", "the capsule makes this path itself"));
        }
    }
    for file in &request.files {
        if !file.path.components().all(|part| matches!(part, Component::Normal(_))) || file.path.as_os_str().is_empty()
        {
            return Err(invalid("files.path", "must be relative, without . or .."));
        }
        absolute("files.source", &file.source)?;
    }
    bounded("files", request.files.len(), FILES_MAX)?;
    bounded("closure", request.closure.len(), CLOSURE_MAX)?;
    for (field, id) in [("uid", request.uid), ("gid", request.gid)] {
        if id == 0 || id >= 65_534 {
            return Err(invalid(field, "must be 1 to 65533"));
        }
    }
    if request.hostname.is_empty() || request.hostname.len() > 64 || request.hostname.contains('\0') {
        return Err(invalid("hostname", "must be 1 to 64 bytes"));
    }
    check_strings(request)?;
    check_caps(&request.caps)
}

fn check_strings(request: &Request) -> Result<(), Failure> {
    let mut bytes = 0;
    for text in request.args.iter().chain([&request.locale, &request.tz]) {
        if text.contains('\0') {
            return Err(invalid("args", "no string may hold a NUL"));
        }
        bytes += text.len() + 1;
    }
    for (name, value) in &request.env {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(invalid("env", "a name holds '=' or NUL or is empty, or a value holds NUL"));
        }
        bytes += name.len() + value.len() + 2;
    }
    bounded("args and env, in bytes", bytes, ARGS_BYTES_MAX)
}

fn check_caps(caps: &Caps) -> Result<(), Failure> {
    for (cap, value, min, max) in [
        ("cpuMs", caps.cpu_ms, 1, CPU_MS_MAX),
        ("wallMs", caps.wall_ms, 1, WALL_MS_MAX),
        ("memoryBytes", caps.memory_bytes, MEMORY_BYTES_MIN, MEMORY_BYTES_MAX),
        ("pids", caps.pids, 1, PIDS_MAX),
        ("diskBytes", caps.disk_bytes, 4096, DISK_BYTES_MAX),
        ("outputBytes", caps.output_bytes, 1, OUTPUT_BYTES_MAX),
        ("openFiles", caps.open_files, OPEN_FILES_MIN, OPEN_FILES_MAX),
    ] {
        if value < min || value > max {
            return Err(Failure::new(
                "CAP_INVALID",
                format!("{cap} is out of bounds"),
                "ask for a cap within the bounds",
            )
            .fact("cap", cap)
            .fact("value", value)
            .fact("min", min)
            .fact("max", max));
        }
    }
    Ok(())
}

fn absolute(field: &str, path: &Path) -> Result<(), Failure> {
    let clean = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if path.is_absolute() && clean && !path.as_os_str().as_encoded_bytes().contains(&0) {
        return Ok(());
    }
    Err(invalid(field, "must be an absolute path without . or .."))
}

fn bounded(field: &str, value: usize, max: usize) -> Result<(), Failure> {
    if value <= max { Ok(()) } else { Err(invalid(field, &format!("{value} is more than {max}"))) }
}

/// Decodes the inline form of standard input.
pub(crate) fn decode_stdin(text: &str) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(text).map_err(|error| invalid("stdin.base64", &error.to_string()))
}
