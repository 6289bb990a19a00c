//! Everything a request may ask for has a bound; these are the bounds.

/// A run may not be asked to last longer: 10 minutes.
pub const WALL_MS_MAX: u64 = 600_000;
pub const CPU_MS_MAX: u64 = 600_000;
/// 8 GiB resident.
pub const MEMORY_BYTES_MAX: u64 = 8 << 30;
pub const MEMORY_BYTES_MIN: u64 = 4 << 20;
pub const PIDS_MAX: u64 = 1024;
/// 4 GiB in the working directory.
pub const DISK_BYTES_MAX: u64 = 4 << 30;
/// 16 MiB a stream: both, in base64, fit one frame.
pub const OUTPUT_BYTES_MAX: u64 = 16 << 20;
pub const OPEN_FILES_MIN: u64 = 8;
pub const OPEN_FILES_MAX: u64 = 4096;

/// Standard input and the files of the working directory together: 64 MiB.
pub const INPUT_BYTES_MAX: u64 = 64 << 20;
pub const FILES_MAX: usize = 4096;
pub const CLOSURE_MAX: usize = 256;
/// Arguments and environment together stay far below the kernel's `ARG_MAX`.
pub const ARGS_BYTES_MAX: usize = 1 << 20;

pub const HANDSHAKE_TIMEOUT_MS: i32 = 15_000;
/// How often caps without a kernel mechanism are polled.
pub const WATCH_INTERVAL_MS: i32 = 5;

pub const STACK_FRAMES_MAX: usize = 128;
pub const STACK_THREADS_MAX: usize = 256;
/// A module's file is read for its unwind table and symbols up to this size: 512 MiB.
pub const MODULE_BYTES_MAX: u64 = 512 << 20;
/// A directory longer than this is left in the file system's own order.
pub const DIRECTORY_ENTRIES_MAX: usize = 65_536;
/// The most a single `getrandom` is answered with, as in Linux for a signal-safe call: 32 MiB − 1.
pub const RANDOM_BYTES_MAX: u64 = (32 << 20) - 1;
