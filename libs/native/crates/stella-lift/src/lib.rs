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
mod identifiers;
mod identify;
mod image;
mod index_frames;
mod input;
mod leaves;
mod lift;
mod lift_frames;
mod limits;
mod minhash;
mod normal;
mod parallel;
mod records;
mod relocations;
mod sandbox;
mod scan;
mod space;
mod symbolize;
mod tables;
mod units;
mod variables;

use image::Purpose;
pub use index_frames::index_bytes;
pub use lift_frames::lift_bytes;
pub use limits::Limits;
use serde_json::json;
use std::io::{BufWriter, Write};
use stella_frame::{Failure, write_json};

/// Version of the normal form's rules. The decoder belongs to it: instruction codes are numbered by its table.
pub const RULESET: &str = "stella-elf-x86-64/3 iced-x86/1.22";

pub(crate) type Hash = [u8; 32];

fn broken_pipe(error: std::io::Error) -> Failure {
    Failure::new("OUTPUT_FAILED", error.to_string(), "keep the pipe open until the end frame")
}

/// Reads the input, gives up what is not needed any more, and runs `work`; a panic becomes a typed failure.
fn guarded(path: &str, limits: &Limits, work: impl FnOnce(&[u8], Vec<String>, &mut dyn Write) -> Result<(), Failure>) -> Result<(), Failure> {
    let bytes = input::read_input(path, limits)?;
    let refused = sandbox::enter(limits).into_iter().map(String::from).collect();
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
        work(&bytes, refused, &mut out)
    }));
    let _ = std::panic::take_hook();
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied()).unwrap_or("");
        Err(Failure::new("LIFTER_FAULT", format!("the lifter failed on this input: {text}"), "report this file"))
    })
}

/// `stella-native lift <path> [limits]`: a `lift` frame, leaves ascending by identifier, `side` frames, an `end` frame.
/// Errors: `USAGE`, those of the input (`INPUT_*`, `ARCH_UNSUPPORTED`), `LIMIT_*`, `COVERAGE_BROKEN`, `LIFTER_FAULT`.
pub fn lift_main(args: &[String]) -> Result<(), Failure> {
    let arguments = limits::parse_arguments(args)?;
    guarded(&arguments.path, &arguments.limits, |bytes, refused, mut out| lift_bytes(bytes, &arguments.limits, refused, &mut out))
}

/// `stella-native index <path> [limits]`: a `lift` frame, `functions` frames, the packed index and the side records as blobs,
/// an `end` frame with the root. Errors: as [`lift_main`].
pub fn index_main(args: &[String]) -> Result<(), Failure> {
    let arguments = limits::parse_arguments(args)?;
    guarded(&arguments.path, &arguments.limits, |bytes, refused, mut out| index_bytes(bytes, &arguments.limits, refused, &mut out))
}

/// `stella-native identify <path> [--symbols]`: an `identify` frame, `symbols` frames, an `end` frame.
pub fn identify_main(args: &[String]) -> Result<(), Failure> {
    let arguments = limits::parse_arguments(args)?;
    guarded(&arguments.path, &arguments.limits, |bytes, warnings, mut out| {
        let image = image::parse_image(bytes, Purpose::Identify)?;
        let symbols = if arguments.symbols { identify::functions(&image, &arguments.limits) } else { Vec::new() };
        sandbox::output_begins();
        write_json(&mut out, &json!({ "identify": identify::describe(&image) })).map_err(broken_pipe)?;
        for batch in symbols.chunks(1024) {
            write_json(&mut out, &json!({ "symbols": batch })).map_err(broken_pipe)?;
        }
        let end = json!({ "end": { "symbols": symbols.len(), "warnings": warnings } });
        write_json(&mut out, &end).and_then(|()| out.flush()).map_err(broken_pipe)
    })
}

/// `stella-native symbolize <path> <hex address>…`: a `symbolize` frame with one place an address, an `end` frame.
pub fn symbolize_main(args: &[String]) -> Result<(), Failure> {
    let arguments = limits::parse_arguments(args)?;
    let parse = |text: &String| {
        u64::from_str_radix(text.trim_start_matches("0x"), 16)
            .map_err(|_| Failure::new("USAGE", format!("{text:?} is no hexadecimal address"), "stella-native symbolize <path> <hex address>…"))
    };
    let addresses = arguments.rest.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    guarded(&arguments.path, &arguments.limits, |bytes, warnings, mut out| {
        let image = image::parse_image(bytes, Purpose::Identify)?;
        let places = symbolize::symbolize(&image, &addresses, &arguments.limits);
        sandbox::output_begins();
        write_json(&mut out, &json!({ "symbolize": places })).map_err(broken_pipe)?;
        let end = json!({ "end": { "addresses": places.len(), "warnings": warnings } });
        write_json(&mut out, &end).and_then(|()| out.flush()).map_err(broken_pipe)
    })
}
