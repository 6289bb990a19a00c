/** Every bound of this service beside those of the proto and of the log library. */
export const limits = {
  envelopeBytesMax: 16 << 20,
  /** Entries of one batch, under one checkpoint. */
  batchEntriesMax: 1_000,
  /** How long the first entry of a batch waits for company. */
  batchLingerMs: 20,
  /** Entries that wait in memory to be sequenced. */
  waitingEntriesMax: 10_000,
  /** Attempts to note what was signed while other processes do so too. */
  headAttemptsMax: 10,
  pageSizeDefault: 100,
  pageSizeMax: 1_000,
  /** Entries verified and stored in one transaction of a pull. */
  pullChunkEntries: 256,
  pullEntriesMax: 65_536,
  payloadsPerPullMax: 10_000,
  payloadsAtOnce: 8,
  checksPerPullMax: 1_000,
  checksAtOnce: 8,
  /** A pause grows up to this after failures. */
  pullPauseMsMax: 600_000,
  /** Times a peer is asked again before its answer counts as its own. */
  peerAttemptsMax: 3,
  peerRetryPauseMs: 100,
  peerTimeoutMs: 10_000,
  checkpointBytesMax: 1_000_000,
  tileBytesMax: 256 * 32,
  /** 256 entries of 65,535 bytes with their lengths. */
  bundleBytesMax: 256 * (2 + 65_535),
  /** A proof check that could not be made is tried again this often before the log says so. */
  checkAttemptsMax: 5,
  checkPauseMs: 1_000,
  checkPauseMsMax: 600_000,
  deepCheckTimeoutMs: 120_000,
  tokenLifetimeS: 60,
  clockSkewS: 30,
  addCheckpointBytesMax: 1_000_000,
} as const;
