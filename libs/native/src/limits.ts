/** No frame is longer; the same bound as in the native workspace. */
export const FRAME_BYTES_MAX = 64 * 2 ** 20;

/** A packed index or its side records, in memory. */
export const BLOB_BYTES_MAX = 512 * 2 ** 20;

/** How much of a child's standard error is kept for the facts of an error. */
export const STDERR_BYTES_KEPT = 2048;

export const NATIVE_DEFAULTS = {
  timeoutMs: 60_000,
  outputBytesMax: 512 * 2 ** 20,
} as const;

/** A lift holds a few times the input in memory; these bound one process on one hostile input. */
export const LIFT_DEFAULTS = {
  cpuSecondsMax: 60,
  memoryBytesMax: 4 * 2 ** 30,
  fileBytesMax: 512 * 2 ** 20,
} as const;

/** `wallMs` is the capsule's own default; the margin covers its start and its clean-up. */
export const CAPSULE_DEFAULTS = { wallMs: 20_000, marginMs: 10_000 } as const;
