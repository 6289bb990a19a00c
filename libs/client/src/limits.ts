/** What this client takes and waits for at most. */
export const limits = {
  /** One message: a piece of evidence may have 16 MiB, and travels with its row. */
  messageBytesMax: 20 * 1024 * 1024,
  /** `stella.common.v1alpha.Chunk`. */
  chunkBytesMax: 64 * 1024,
  /** What is lifted. */
  artifactBytesMax: 512 * 1024 * 1024,
  attemptsMax: 4,
  retryDelayMsMin: 100,
  retryDelayMsMax: 5_000,
  tokenRequestTimeoutMs: 10_000,
  tokenAnswerBytesMax: 64 * 1024,
  /** A token is renewed this long before it ends, so that it does not end on the way. */
  tokenRenewalMs: 30_000,
  pagesMax: 10_000,
} as const;
