import type { Claim, ClaimState, Facts, Outcome, UnmetRule } from '@stella/policy';

export interface ReleaseArtifact {
  readonly sha256: string;
  /** What it is called; proves nothing. */
  readonly label: string;
}

export type BaselineBasis = 'runs' | 'verdict' | 'seed' | 'unknown';

/** Who is asked for evidence: the delta index, the replays, the log, and the partners. */
export const SOURCES = ['delta', 'log', 'partners', 'witness'] as const;
export type Source = (typeof SOURCES)[number];

/** A piece of evidence that was seen, whatever it says. */
export interface EvidenceRef {
  /** SHA-256 of the envelope's bytes. */
  readonly sha256: string;
  /** SHA-256 of the signed payload: its identity in logs and revocation lists. */
  readonly payloadSha256: string;
  readonly predicateType: string;
  /** SHA-256 of its offline log proof; empty when it was not logged. */
  readonly logProofSha256: string;
}

export interface RefusedEvidence {
  readonly sha256: string;
  /** A word for the check that failed. */
  readonly problem: string;
}

export interface StatedClaim {
  readonly claim: Claim;
  readonly state: ClaimState;
  readonly detail: string;
  readonly breadthPpm: number;
  readonly units: number;
}

export interface StatedChange {
  readonly unitId: string;
  readonly kind: string;
  readonly displayName: string;
  readonly change: string;
  readonly why: string;
}

export interface StatedWaivers {
  readonly accepted: readonly { readonly rule: string; readonly evidence: string; readonly expiresAt: string }[];
  readonly ignored: readonly { readonly evidence: string; readonly problem: string }[];
}

/** On whose word the baseline is known: it runs; a person with the right to say so asks; or nobody vouches for it. */
export const BASELINE_WORDS = ['runs', 'authorised', 'nobody'] as const;
export type BaselineWord = (typeof BASELINE_WORDS)[number];

/** Of the one that is written; the one before it is still read. */
export const VERDICT_FORMAT = 'stella-verdict/2';

/** Predicate of a verdict statement; its one subject is the candidate. Lists have one order, so a verdict has one id. */
export interface Verdict {
  readonly format: typeof VERDICT_FORMAT;
  readonly tenant: string;
  readonly verifierId: string;
  readonly requestId: string;
  readonly outcome: Outcome;
  readonly decidedAt: string;
  /** From then on it is too old, whatever a verifier asks for: lists of revocations forget what is older. */
  readonly validUntil: string;
  readonly baseline: ReleaseArtifact;
  readonly candidate: ReleaseArtifact & { readonly resourceUri: string };
  /** How the caller says to know the baseline; `verdict` counts only with that verdict among the evidence. */
  readonly baselineBasis: BaselineBasis;
  /** Part of the question, as claims are: who may say less asks another one. */
  readonly baselineWord: BaselineWord;
  /** Witnesses of the releases before that were not replayed, as the gate says. */
  readonly witnessesLeftOut: number;
  /** Who did not answer, or not to the end; what they would have said is unknown. Sorted. */
  readonly unanswered: readonly Source[];
  /** Fingerprints of the keys of who asked. */
  readonly requesterKeys: readonly string[];
  readonly policy: { readonly id: string; readonly version: number; readonly level: string; readonly sha256: string };
  readonly trustRootSha256: string;
  readonly unmetRules: readonly UnmetRule[];
  readonly errors: readonly string[];
  readonly facts: Facts;
  readonly claims: readonly StatedClaim[];
  readonly unexplained: readonly StatedChange[];
  readonly unexplainedCount: number;
  readonly waivers: StatedWaivers;
  readonly evidence: readonly EvidenceRef[];
  readonly refused: readonly RefusedEvidence[];
  /** SHA-256 of what travels beside the evidence, by name: policy, and the issuer's own trust documents. */
  readonly attachments: readonly { readonly name: string; readonly sha256: string }[];
  readonly log: { readonly origin: string; readonly size: number };
  /** Id of the verdict that this one takes the place of; empty: none. */
  readonly supersedes: string;
}
