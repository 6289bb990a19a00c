export const RUNS_DEFAULT = 30;
export const RUNS_MAX = 1_000;
/** With fewer runs nothing is said about a goal. */
export const RUNS_TO_JUDGE_MIN = 30;
/** Runs whose times are thrown away: caches fill, code is compiled. */
export const WARM_UP_RUNS = 2;
/** Of the confidence intervals. */
export const BOOTSTRAP_RESAMPLES = 2_000;
export const CHILD_TIMEOUT_MS = 120_000;
/** For a server to be ready. */
export const START_TIMEOUT_MS = 120_000;
export const REQUEST_TIMEOUT_MS = 30_000;
/** A 99th percentile of fewer says little. */
export const P99_SAMPLES_MIN = 200;
