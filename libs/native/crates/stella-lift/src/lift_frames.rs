//! A lift as frames: every unit for itself, for whoever looks at one or makes the index anew.

use crate::image::{Image, Purpose, parse_image};
use crate::leaves::{Detail, Output, Record, assemble};
use crate::lift::{Lifted, lift};
use crate::limits::Limits;
use crate::{broken_pipe, header, sandbox};
use serde_json::{Value, json};
use std::io::Write;
use stella_frame::{Failure, write_frame, write_json};

const SIDES_PER_FRAME: usize = 256;

/// Lifts the bytes of one file and writes its frames. Errors: as [`crate::lift_main`], without those of reading.
pub fn lift_bytes(bytes: &[u8], limits: &Limits, warnings: Vec<String>, out: &mut impl Write) -> Result<(), Failure> {
    let (image, lifted, output) = lifted_units(bytes, limits, Detail::Full)?;
    sandbox::output_begins();
    write_json(out, &json!({ "lift": header::describe(&image) })).map_err(broken_pipe)?;
    for record in &output.records {
        write_frame(out, &record.leaf).map_err(broken_pipe)?;
    }
    let sides: Vec<&[u8]> = output.records.iter().filter_map(|r| r.side.as_deref()).collect();
    for batch in sides.chunks(SIDES_PER_FRAME) {
        let frame = [b"{\"side\":[".as_slice(), &batch.join(b",".as_slice()), b"]}"].concat();
        write_frame(out, &frame).map_err(broken_pipe)?;
    }
    write_json(out, &json!({ "end": totals(&image, &lifted, &output, warnings) })).and_then(|()| out.flush()).map_err(broken_pipe)
}

/// A file's units. Errors: `COVERAGE_BROKEN` if they do not add up to the loaded bytes, and those of lifting.
pub fn lifted_units<'b>(bytes: &'b [u8], limits: &Limits, detail: Detail) -> Result<(Image<'b>, Lifted, Output), Failure> {
    let image = parse_image(bytes, Purpose::Lift)?;
    let lifted = lift(&image, limits)?;
    let output = assemble(&image, &lifted, detail);
    if output.bytes_covered == image.loaded_bytes() {
        return Ok((image, lifted, output));
    }
    Err(Failure::new("COVERAGE_BROKEN", "the leaves do not add up to the loaded bytes", "report this file")
        .fact("bytesLoaded", image.loaded_bytes())
        .fact("bytesCovered", output.bytes_covered))
}

/// What the leaves must add up to, and what the caller should know.
pub fn totals(image: &Image<'_>, lifted: &Lifted, output: &Output, mut warnings: Vec<String>) -> Value {
    warnings.extend(lifted.warnings.iter().cloned());
    let is_function = |r: &&Record| r.function.is_some();
    json!({
        "units": output.records.len(),
        "functions": output.records.iter().filter(is_function).count(),
        "bytesLoaded": image.loaded_bytes(),
        "bytesCovered": output.bytes_covered,
        "bytesResidual": output.bytes_residual,
        "residualCount": output.residual,
        "undecodedBytes": output.undecoded_bytes,
        "warnings": warnings,
    })
}
