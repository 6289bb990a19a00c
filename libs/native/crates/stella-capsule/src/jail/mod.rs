//! What runs between `clone` and `execve`: namespaces' contents, then the program's own restrictions.
//!
//! All of it runs in a single-threaded copy of the supervisor and ends in `execve` or `_exit`.

mod filter;
mod init;
mod mounts;
mod program;
mod rootfs;
mod syscalls;

pub use init::{Plan, run_init};
pub use rootfs::WORK_DIR;
pub use syscalls::name_of_refused;

use crate::control::StepFailure;
use std::ffi::CString;
use std::io;
use std::path::Path;

type Step<T = ()> = Result<T, StepFailure>;

fn step<T>(name: impl Into<String>, result: io::Result<T>) -> Step<T> {
    result.map_err(|error| StepFailure { step: name.into(), errno: error.raw_os_error().unwrap_or(libc::EINVAL) })
}

fn c_path(path: &Path) -> CString {
    // Requests with a NUL in a path were refused; an empty path makes the call that uses it fail.
    CString::new(path.as_os_str().as_encoded_bytes()).unwrap_or_default()
}
