/** What bounds a bundle and the work of checking it. */
export const LIMITS = {
  bundleBytesMax: 64 * 1024 * 1024,
  evidenceMax: 1_000,
  attachmentsMax: 8,
  vsasMax: 16,
  unexplainedListedMax: 1_000,
  labelLengthMax: 256,
  resourceUriLengthMax: 512,
  /** How long a verdict lasts at most, and so how long lists of revocations have to remember it. */
  verdictValidMsMax: 180 * 24 * 3_600_000,
  seenBytesMax: 64 * 1024,
  seenListsMax: 200,
} as const;

/** How far the clock of who decided may run ahead of the verifier's. */
export const FUTURE_SKEW_MS = 5 * 60 * 1_000;
