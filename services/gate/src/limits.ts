import { VERDICT_LIMITS } from '@stella/verdict';

const DAY_MS = 24 * 3_600_000;

/** What bounds an evaluation and its answers. */
export const limits = {
  /** That one decision is about; a decision about fewer than there are would leave out what speaks against the release. */
  witnessesMax: 200,
  /** Pages of a thousand when witnesses are looked for by their artifact. */
  witnessPagesMax: 20,
  /** Releases before the baseline whose witnesses are inherited. */
  lineageDepthMax: 16,
  /** Inherited witnesses that are looked up; those beyond `witnessesMax` together with the others are left out, and told. */
  inheritedMax: 1_000,
  verificationsAtOnce: 4,
  appendsAtOnce: 8,
  /** One long poll of frvf. */
  replayPollMs: 20_000,
  partnerPollMs: 500,
  /** A call that lifts, compares or logs. */
  callTimeoutMs: 10 * 60_000,
  evaluationMs: 30 * 60_000,
  evaluationsAtOnce: 8,
  /** How often an evaluation begins again because what it rests on changed meanwhile, or a later one overtook it. */
  roundsMax: 5,
  /** Clocks of the services that tell news differ at most by this. */
  newsSkewMs: 5_000,
  /** Older news concern no verdict that is still answered: policies live shorter. */
  newsKeptMs: 400 * DAY_MS,
  /** News speak against earlier answers: those about a verdict that may still be in force must not be forgotten. */
  newsKeptMsMin: VERDICT_LIMITS.verdictValidMsMax + DAY_MS,
  evaluationsKeptMs: 30 * DAY_MS,
  /** Far longer than `evaluationMs`: one that runs, or was killed and is taken up again, must find its row. */
  evaluationsKeptMsMin: DAY_MS,
  pageSizeDefault: 50,
  envelopeBytesMax: 16 * 2 ** 20,
  bundleChunkBytes: 64 * 1024,
  /** Entries of one tenant's list. */
  revocationsListedMax: 20_000,
  /** From this share of it on a list is told to be nearly full. */
  revocationsNearlyFull: 0.8,
  revocationListBytesMax: 16 * 2 ** 20,
  /** Entries are kept for so long beyond the end of what they are about: clocks of verifiers may be slow. */
  revocationsKeptMs: VERDICT_LIMITS.verdictValidMsMax + 24 * 3_600_000,
  verdictValidMs: VERDICT_LIMITS.verdictValidMsMax,
  revocationListValidMs: 24 * 3_600_000,
  policyValidMs: 365 * 24 * 3_600_000,
  /** A policy that has less left is issued anew at the start. */
  policyRenewMs: 30 * 24 * 3_600_000,
} as const;
