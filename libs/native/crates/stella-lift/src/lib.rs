//! Lifts binaries to function and data units with checkable identities.
//!
//! A unit is the content of one Merkle leaf: nothing in it moves when only the layout moves. See [`RULESET`] for the
//! version of the normal form's rules.

mod data;
mod eh_frame;
mod elf_regions;
mod encoder;
mod functions;
mod go;
mod graph;
mod header;
mod image;
mod input;
mod leaves;
mod lift;
mod limits;
mod minhash;
mod normal;
mod relocations;
mod scan;
mod space;
mod tables;
mod units;

use stella_frame::{Failure, write_frame, write_json};
use std::io::{BufWriter, Write};

/// Version of the normal form's rules. The decoder belongs to it: instruction codes are numbered by its table.
pub const RULESET: &str = "stella-elf-x86-64/1 iced-x86/1.22";

pub(crate) type Hash = [u8; 32];

fn broken_pipe(error: std::io::Error) -> Failure {
    Failure::new("OUTPUT_FAILED", error.to_string(), "keep the pipe open until the end frame")
}

/// `stella-native lift <path> [limits]`: a `lift` frame, leaves ascending by identifier, `side` frames, an `end` frame.
pub fn lift_main(args: &[String]) -> Result<(), Failure> {
    let arguments = limits::parse_arguments(args)?;
    let bytes = input::read_input(&arguments.path, &arguments.limits)?;
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    lift_bytes(&bytes, &arguments.limits, &mut out)
}

fn lift_bytes(bytes: &[u8], limits: &limits::Limits, out: &mut impl Write) -> Result<(), Failure> {
    let image = image::parse_image(bytes)?;
    let lifted = lift::lift(&image, limits)?;
    let output = leaves::assemble(&image, &lifted);
    if output.bytes_covered != image.loaded_bytes() {
        return Err(Failure::new("COVERAGE_BROKEN", "the leaves do not add up to the loaded bytes", "report this file")
            .fact("bytesLoaded", image.loaded_bytes())
            .fact("bytesCovered", output.bytes_covered));
    }
    write_json(out, &serde_json::json!({ "lift": header::describe(&image) })).map_err(broken_pipe)?;
    for (_, leaf) in &output.leaves {
        write_frame(out, leaf).map_err(broken_pipe)?;
    }
    for batch in output.sides.chunks(256) {
        write_json(out, &serde_json::json!({ "side": batch })).map_err(broken_pipe)?;
    }
    let end = serde_json::json!({ "end": {
        "units": output.leaves.len(),
        "functions": lifted.functions.len(),
        "bytesLoaded": image.loaded_bytes(),
        "bytesCovered": output.bytes_covered,
        "bytesResidual": output.bytes_residual,
        "residualCount": output.residual,
        "undecodedBytes": output.undecoded_bytes,
        "warnings": lifted.warnings,
    }});
    write_json(out, &end).and_then(|()| out.flush()).map_err(broken_pipe)
}

pub fn identify_main(_args: &[String]) -> Result<(), Failure> {
    Err(Failure::new("UNIMPLEMENTED", "identify", "build on"))
}
