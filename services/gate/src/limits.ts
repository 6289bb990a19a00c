/** What bounds an evaluation and its answers. */
export const limits = {
  witnessesMax: 50,
  verificationsAtOnce: 2,
  /** One long poll of frvf. */
  pollMs: 20_000,
  evaluationMs: 30 * 60_000,
  evaluationsAtOnce: 8,
  pageSizeDefault: 50,
  pageSizeMax: 100,
  unexplainedListedMax: 1_000,
  bundleChunkBytes: 64 * 1024,
  revocationsListedMax: 100_000,
  revocationListValidMs: 24 * 3_600_000,
  policyValidMs: 365 * 24 * 3_600_000,
} as const;
