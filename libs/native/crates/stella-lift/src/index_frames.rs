//! A lift as it is kept: the packed index and the side records, with no unit to be looked at on the way.

use crate::leaves::{Detail, Output, Record};
use crate::lift::THREADS;
use crate::lift_frames::{lifted_units, totals};
use crate::limits::Limits;
use crate::records::Hex;
use crate::{broken_pipe, header, identifiers::hex, sandbox};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use stella_frame::{Failure, write_blob, write_json};
use stella_index::{IndexFault, Sums, Trie, UNITS_MAX, Unit, pack};

const FUNCTIONS_PER_FRAME: usize = 512;

/// One function, for who looks for it in other artifacts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionRow<'f> {
    unit_id: &'f str,
    name: &'f str,
    e1: Hex<'f>,
    e2: Hex<'f>,
    size_bytes: u64,
}

#[derive(Serialize)]
struct FunctionsFrame<'f> {
    functions: &'f [FunctionRow<'f>],
}

/// Lifts the bytes of one file, makes its index and writes it. Errors: as [`crate::lift_main`], without those of reading.
pub fn index_bytes(bytes: &[u8], limits: &Limits, warnings: Vec<String>, out: &mut impl Write) -> Result<(), Failure> {
    let (image, lifted, output) = lifted_units(bytes, limits, Detail::Kept)?;
    let units: Vec<Unit<'_>> = output.records.iter().map(unit).collect();
    let trie = Trie::build(&units, THREADS).map_err(failure)?;
    let set = pack(&trie, &units);
    let sides = side_lines(&output);
    sandbox::output_begins();
    write_json(out, &json!({ "lift": header::describe(&image) })).map_err(broken_pipe)?;
    let functions: Vec<FunctionRow<'_>> = trie.order.iter().filter_map(|at| row(&output.records[*at as usize])).collect();
    for batch in functions.chunks(FUNCTIONS_PER_FRAME) {
        write_json(out, &FunctionsFrame { functions: batch }).map_err(broken_pipe)?;
    }
    for (name, blob) in [("set", &set), ("sides", &sides)] {
        write_blob(out, name, blob).map_err(broken_pipe)?;
    }
    let mut end = totals(&image, &lifted, &output, warnings);
    end["root"] = hex(&trie.root()).into();
    end["sums"] = sums(&trie.total());
    end["unitsByKind"] = json!(units_by_kind(&output));
    write_json(out, &json!({ "end": end })).and_then(|()| out.flush()).map_err(broken_pipe)?;
    // The process is about to end: what is a million small pieces is not given back one by one.
    std::mem::forget((lifted, output));
    Ok(())
}

fn unit(record: &Record) -> Unit<'_> {
    let residual_bytes = if record.kind == "residual" { record.size } else { 0 };
    Unit { id: &record.id, leaf: &record.leaf, sums: Sums { units: 1, size_bytes: record.size, unresolved: record.residual, residual_bytes } }
}

/// A line each, ascending by identifier as the records are.
fn side_lines(output: &Output) -> Vec<u8> {
    let sides = || output.records.iter().filter_map(|r| r.side.as_deref());
    let mut lines = Vec::with_capacity(sides().map(|side| side.len() + 1).sum());
    for side in sides() {
        lines.extend_from_slice(side);
        lines.push(b'\n');
    }
    lines
}

fn row(record: &Record) -> Option<FunctionRow<'_>> {
    let facts = record.function.as_ref()?;
    Some(FunctionRow { unit_id: &record.id, name: &facts.name, e1: Hex(&facts.e1), e2: Hex(&facts.e2), size_bytes: record.size })
}

fn units_by_kind(output: &Output) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for record in &output.records {
        *counts.entry(record.kind).or_default() += 1;
    }
    counts
}

fn sums(total: &Sums) -> Value {
    json!({ "units": total.units, "sizeBytes": total.size_bytes, "unresolved": total.unresolved, "residualBytes": total.residual_bytes })
}

fn failure(fault: IndexFault) -> Failure {
    match fault {
        IndexFault::TooLarge => Failure::new("LIMIT_UNITS", "too many units for an index", "split the file").fact("unitsMax", UNITS_MAX),
        // It names them itself.
        IndexFault::Duplicate(id) => Failure::new("LIFTER_FAULT", "two units have the same identifier", "report this file").fact("unit", id),
    }
}
