//! `stella-native {lift, index, identify, symbolize, capsule}`: one process a request, framed messages on stdout, so that
//! hostile input can exhaust or crash only that process.

use std::process::ExitCode;
use stella_frame::{Failure, write_json};

const USAGE: &str = "usage: stella-native lift|index|identify|symbolize|capsule …";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.first().map(String::as_str) {
        Some("lift") => stella_lift::lift_main(&args[1..]),
        Some("index") => stella_lift::index_main(&args[1..]),
        Some("identify") => stella_lift::identify_main(&args[1..]),
        Some("symbolize") => stella_lift::symbolize_main(&args[1..]),
        Some("capsule") => stella_capsule::capsule_main(&args[1..]),
        _ => Err(Failure::new("USAGE", USAGE, "name a command")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("stella-native: {failure}");
            let code = if failure.reason == "USAGE" { 2 } else { 1 };
            // The pipe may be gone; the exit status still tells.
            let _ = write_json(&mut std::io::stdout().lock(), &serde_json::json!({ "error": failure }));
            ExitCode::from(code)
        }
    }
}
