const own = <const Kind extends string>(kind: Kind) => `https://stella-ops.org/attestation/${kind}/v1` as const;

/** Predicate types of in-toto Statements: one versioned URI a kind of evidence. */
export const PREDICATE_TYPES = {
  packManifest: own('pack-manifest'),
  deltaProof: own('delta-proof'),
  liftIndex: own('lift-index'),
  microWitness: own('micro-witness'),
  verifyResult: own('verify-result'),
  stack: own('stack'),
  logEntry: own('log-entry'),
  crossVerification: own('cross-verification'),
  verdict: own('verdict'),
  policy: own('policy'),
  waiver: own('waiver'),
  trustRoot: own('trust-root'),
  revocationList: own('revocation-list'),
  withdrawal: own('withdrawal'),
  /** SLSA Verification Summary Attestation 1.x; only ever issued with an ALLOW. */
  slsaVsa: 'https://slsa.dev/verification_summary/v1',
} as const;

export type PredicateType = (typeof PREDICATE_TYPES)[keyof typeof PREDICATE_TYPES];
