//! The deterministic capsule: runs one program so that it does the same again.
//!
//! One process a run, without a daemon and without a capability on the host. The supervisor makes the namespaces, and
//! traces the program from outside; process 1 inside builds the root and reaps; process 2 is the program. Determinism
//! D1 pins what a program is told (clock, randomness, addresses, machine); threads run free. Isolation I1 is for what
//! the tenant itself built: not a security boundary against foreign code.

mod control;
mod host;
mod inputs;
mod jail;
mod limits;
mod outcome;
mod probe;
mod process;
mod request;
mod rng;
mod run;
mod spawn;
mod stack;
mod trace;
mod watch;

use serde_json::json;
use std::io::{stdin, stdout};
use stella_frame::{Failure, read_frame, write_json};

const USAGE: &str = "usage: stella-native capsule run < request-frame | stella-native capsule probe";

/// `stella-native capsule …`; `args` without the program and command names.
///
/// `run` reads one request frame from standard input and writes `{"outcome": …}`; `probe` reads nothing and writes
/// `{"probe": …}`. Both end with `{"end": {}}`.
pub fn capsule_main(args: &[String]) -> Result<(), Failure> {
    let answer = match args {
        [command] if command == "run" => {
            let body = read_frame(&mut stdin().lock())
                .map_err(|error| request::invalid(".", &error.to_string()))?
                .ok_or_else(|| request::invalid(".", "standard input held no frame"))?;
            json!({ "outcome": run::run(&body)? })
        }
        [command] if command == "probe" => json!({ "probe": probe::probe() }),
        _ => return Err(Failure::new("USAGE", USAGE, "name one command")),
    };
    let mut out = stdout().lock();
    write_json(&mut out, &answer)
        .and_then(|()| write_json(&mut out, &json!({ "end": {} })))
        .map_err(|error| spawn::internal("write the answer", &error))
}
