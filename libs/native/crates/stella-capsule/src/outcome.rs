//! What a run hands back. Members that vary from run to run by nature (`wallMs`, `cpuMs`, `maxRssBytes`) stand apart
//! from those that are compared.

use crate::request::{Determinism, Isolation};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    pub exit: Exit,
    /// The cap that ended or limited the run.
    pub cap_hit: Option<Cap>,
    pub stdout: Stream,
    pub stderr: Stream,
    pub measured: Measured,
    /// Each pin of D1: `pinned`, or `not-pinned: <why>`.
    pub pins: BTreeMap<&'static str, String>,
    /// What D1 does not pin at all; the same for every run.
    pub unpinned: &'static [&'static str],
    /// Sources of non-determinism that the program touched, and how often.
    pub non_determinism: BTreeMap<&'static str, u64>,
    /// Calls that the capsule refused, and how often.
    pub refused: BTreeMap<&'static str, u64>,
    /// Threads and processes that ever ran, the first one included.
    pub threads: u64,
    pub stack: Option<Stack>,
    pub modules: Vec<Module>,
    /// The level reached: absent when a pin of the level asked for did not take hold.
    pub determinism: Option<Determinism>,
    pub isolation: Isolation,
    /// Which mechanism enforces each cap.
    pub enforced_by: BTreeMap<&'static str, String>,
    /// `uname -r` of the host.
    pub kernel: String,
    /// Vendor, family, model and a digest of the feature bits: what a replay must run on to be the same.
    pub cpu_model_class: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Exit {
    Code(i32),
    Signal(i32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Cap {
    Wall = 1,
    Cpu,
    Memory,
    Output,
    Pids,
    Disk,
}

impl Cap {
    pub const ALL: [Cap; 6] = [Cap::Wall, Cap::Cpu, Cap::Memory, Cap::Output, Cap::Pids, Cap::Disk];
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stream {
    pub base64: String,
    pub size_bytes: u64,
    /// Of the bytes handed back.
    pub sha256: String,
    pub truncated: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Measured {
    pub wall_ms: f64,
    pub cpu_ms: f64,
    pub max_rss_bytes: u64,
    /// Time from the request to the program's first instruction.
    pub setup_ms: f64,
    /// Times the program was stopped to be answered.
    pub stops: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stack {
    pub threads: Vec<ThreadStack>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadStack {
    /// As the program sees it.
    pub tid: i32,
    pub crashed: bool,
    pub signal: Option<i32>,
    pub si_code: Option<i32>,
    pub fault_address: Option<String>,
    pub registers: Registers,
    pub frames: Vec<Frame>,
    /// Why the walk ended.
    pub ended: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Registers {
    pub pc: String,
    pub sp: String,
    pub fp: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Frame {
    /// The instruction that faulted, or the return address of a caller.
    pub pc: String,
    /// Base name of the module's file.
    pub module: Option<String>,
    /// Virtual address within the module's file.
    pub module_offset: Option<String>,
    pub gnu_build_id: Option<String>,
    pub symbol: Option<String>,
    pub trust: Trust,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    Context,
    Cfi,
    FramePointer,
    Scan,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Module {
    pub path: String,
    pub base: String,
    pub gnu_build_id: Option<String>,
}
