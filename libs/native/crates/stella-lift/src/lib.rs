//! Lifts binaries to function and data units with checkable identities.

use stella_frame::Failure;

/// `stella-native lift …` and `stella-native identify …`; `args` without the program and command names.
pub fn lift_main(_args: &[String]) -> Result<(), Failure> {
    Err(Failure::new("UNIMPLEMENTED", "lift", "build on"))
}
pub fn identify_main(_args: &[String]) -> Result<(), Failure> {
    Err(Failure::new("UNIMPLEMENTED", "identify", "build on"))
}
