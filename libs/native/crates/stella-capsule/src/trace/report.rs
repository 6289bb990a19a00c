//! What the tracer saw.

use crate::outcome::{Exit, Module, Stack};
use std::collections::BTreeMap;

pub const PINNED: &str = "pinned";

#[derive(Default)]
pub struct Report {
    /// `None` until the program has ended.
    pub exit: Option<Exit>,
    /// Whether the program's image was ever started.
    pub started_ms: Option<f64>,
    pub pins: BTreeMap<&'static str, String>,
    pub non_determinism: BTreeMap<&'static str, u64>,
    pub refused: BTreeMap<&'static str, u64>,
    pub threads: u64,
    pub stops: u64,
    pub stack: Option<Stack>,
    pub modules: Vec<Module>,
    pub cpu_ms: f64,
    pub max_rss_bytes: u64,
}

impl Report {
    pub fn pin(&mut self, name: &'static str, held: bool, why_not: &str) {
        let text = if held { PINNED.to_string() } else { format!("not-pinned: {why_not}") };
        // A pin that was lost once stays lost.
        let entry = self.pins.entry(name).or_insert_with(|| PINNED.into());
        if entry == PINNED {
            *entry = text;
        }
    }

    pub fn unpin(&mut self, name: &'static str, why: String) {
        self.pin(name, false, &why);
    }

    pub fn all_pinned(&self) -> bool {
        !self.pins.is_empty() && self.pins.values().all(|state| state == PINNED)
    }
}
