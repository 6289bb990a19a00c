/** Every bound of this service beside those of the proto and of the witness library. */
export const limits = {
  pageSizeDefault: 100,
  pageSizeMax: 1_000,
  /** Replays of one tenant under way at once. */
  replaysRunningMax: 16,
  /** Of the document that lists a replay's runs. */
  outcomesBytesMax: 16 << 20,
  /** Runs in a row that could not be made before a replay gives up. */
  notRunMax: 3,
  /** What a replay may wait for its turn, beside the time that its runs may take. */
  queueMs: 300_000,
  /** Set-up and clean-up of one run. */
  runOverheadMs: 2_000,
  replayMsMax: 3_600_000,
  expiryIntervalMs: 1_000,
  /** How often waiting incidents are counted for the metrics. */
  incidentWatchIntervalMs: 15_000,
  /** Replays ended by one look at the clock. */
  expiryBatch: 100,
  /** How long the host of the workers is taken to be the same. */
  hostMaxAgeMs: 30_000,
  resultTtlMs: 7 * 24 * 3_600_000,
  /** How often a waiting call looks by itself: a word may have been lost with its connection. */
  waitPollMs: 2_000,
  /** A call that waits answers before its default deadline. */
  waitMsMax: 55_000,
  peerTimeoutMs: 20_000,
} as const;

/** Of the answers from the cache, so many are replayed again behind the answer. */
export const REEXECUTION_RATE = 0.01;
