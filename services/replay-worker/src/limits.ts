/** Of the JSON that holds a replay's arguments. */
export const ARGUMENTS_BYTES_MAX = 64 << 20;
/** Runs of one replay, those that could not be made included: what a verify result may list. */
export const RUNS_MAX = 2_000;
/** Files that every program in a capsule sees, after links have been followed. */
export const CLOSURE_FILES_MAX = 256;
/** Of the reason why a run could not be made. */
export const DETAIL_CHARS_MAX = 1_000;
export const PROBE_TIMEOUT_MS = 15_000;
