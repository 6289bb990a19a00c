/** Every bound of this service beside those of the proto and of the delta library. */
export const limits = {
  /** What is taken as an artifact: what could never be lifted would only take up room. */
  artifactBytesMax: 512 * 2 ** 20,
  liftCpuSecondsMax: 60,
  liftMemoryBytesMax: 2 * 2 ** 30,
  liftTimeoutMs: 60_000,
  liftOutputBytesMax: 512 * 2 ** 20,
  liftsAtOnce: 2,
  /** Artifacts that wait for their lift, in this process. */
  liftsWaitingMax: 200,
  /** Units of a new index whose place under its root is made again. */
  unitsSpotChecked: 64,
  /** A packed index or its side records, in memory. */
  indexBlobBytesMax: 512 * 2 ** 20,
  /** Parsed indexes kept for the next comparison. */
  hotIndexBytesMax: 512 * 2 ** 20,
  /** Parsed proofs: one is opened, its indexes are looked up, and it is verified. */
  hotProofBytesMax: 256 * 2 ** 20,
  /** Of a thread that compares or reads proofs; one that needs more ends alone. */
  threadHeapBytesMax: 2 * 2 ** 30,
  /** An envelope that the wire and every verifier takes. */
  envelopeBytesMax: 16 * 2 ** 20,
  pageSizeDefault: 100,
  /** Rows of one INSERT. */
  batchRows: 5_000,
  /** Characters of a text from an artifact's own header. */
  headerTextCharsMax: 1_000,
} as const;
