//! The deterministic capsule: runs one program so that it does the same again.

use stella_frame::Failure;

/// `stella-native capsule …`; `args` without the program and command names.
pub fn capsule_main(_args: &[String]) -> Result<(), Failure> {
    Err(Failure::new("UNIMPLEMENTED", "capsule", "build on"))
}
