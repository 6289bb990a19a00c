/** What bounds an evaluation and its answers. */
export const limits = {
  /** That one decision is about; a decision about fewer than there are would leave out what speaks against the release. */
  witnessesMax: 200,
  /** Pages of a thousand when witnesses are looked for by their artifact. */
  witnessPagesMax: 20,
  verificationsAtOnce: 4,
  appendsAtOnce: 8,
  /** One long poll of frvf. */
  replayPollMs: 20_000,
  partnerPollMs: 500,
  /** A call that lifts, compares or logs. */
  callTimeoutMs: 10 * 60_000,
  evaluationMs: 30 * 60_000,
  evaluationsAtOnce: 8,
  /** Clocks of the services that tell news differ at most by this. */
  newsSkewMs: 5_000,
  /** Older news concern no verdict that is still answered: policies live shorter. */
  newsKeptMs: 400 * 24 * 3_600_000,
  evaluationsKeptMs: 30 * 24 * 3_600_000,
  pageSizeDefault: 50,
  envelopeBytesMax: 16 * 2 ** 20,
  bundleChunkBytes: 64 * 1024,
  revocationsListedMax: 100_000,
  revocationListBytesMax: 64 * 2 ** 20,
  revocationListValidMs: 24 * 3_600_000,
  policyValidMs: 365 * 24 * 3_600_000,
  /** A policy that has less left is issued anew at the start. */
  policyRenewMs: 30 * 24 * 3_600_000,
} as const;
