/** Of the JSON that holds a replay's arguments. */
export const ARGUMENTS_BYTES_MAX = 64 << 20;
/** Runs of one replay, those that could not be made included: what a verify result may list. */
export const RUNS_MAX = 2_000;
/** Files that every program in a capsule sees, after links have been followed. */
export const CLOSURE_FILES_MAX = 256;
/** Of the reason why a run could not be made. */
export const DETAIL_CHARS_MAX = 1_000;
export const PROBE_TIMEOUT_MS = 15_000;

/** The first, and one more where it was lost. */
export const JOB_ATTEMPTS_MAX = 2;
/** Until a Job's pod runs: a node has to be found, maybe started, and an image pulled. */
export const JOB_START_TIMEOUT_MS = 300_000;
/** Links outlive the Job's own deadline by this much. */
export const JOB_LINK_MARGIN_MS = 120_000;
/** What a Job may hand over: the output of all its runs. */
export const JOB_RESULT_BYTES_MAX = 1 << 30;
/** Of the list in front of it. */
export const JOB_RESULT_HEAD_BYTES_MAX = 16 << 20;
export const JOB_MANIFEST_BYTES_MAX = 16 << 20;
export const JOB_API_PAUSE_MS = 250;
export const JOB_HOST_TTL_MS = 600_000;
export const JOB_PROBE_TIMEOUT_MS = 120_000;
/** Of one request of a Job to the store. */
export const JOB_TRANSFER_TIMEOUT_MS = 300_000;
export const JOB_TRANSFER_ATTEMPTS_MAX = 4;
export const JOB_TRANSFER_PAUSE_MS = 500;
