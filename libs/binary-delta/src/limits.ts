/** Bounds on what is read from outside; reaching one is LEAF_INVALID, INDEX_INVALID or PROOF_TOO_LARGE, never a crash. */
export const LIMITS = {
  leafBytesMax: 16 * 2 ** 20,
  idBytesMax: 16 * 2 ** 10,
  unitsMax: 4_000_000,
  proofUnitsMax: 250_000,
  frameBytesMax: 64 * 2 ** 20,
  /** Candidates compared in one bucket of the fuzzy stage; a fuller bucket is left unmatched. */
  fuzzyBucketMax: 64,
  neighbourRoundsMax: 8,
} as const;
