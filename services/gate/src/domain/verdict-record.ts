import type { Refutation, Verdict } from '@stella/verdict';

/** A word for why a verdict counts no more; the signed list is read by strangers and has no other text. */
export type RevocationWord = 'superseded' | 'refuted' | 'withdrawn' | 'unfounded' | 'key-revoked' | 'policy-revoked';

/** A verdict as the gate keeps it. */
export interface VerdictRecord {
  readonly id: string;
  readonly tenant: string;
  readonly verdict: Verdict;
  readonly envelope: Uint8Array;
  /** Of an ALLOW only. */
  readonly vsa: Uint8Array | undefined;
  readonly bundleSha256: string;
  readonly bundleSizeBytes: number;
  readonly evaluationMs: number;
  readonly issuedAt: Date;
  /** From when on verifiers refuse it. */
  readonly revokedAt: Date | undefined;
  readonly revokedFor: string;
  /** Id of the verdict that took its place; empty: none. */
  readonly supersededBy: string;
}

/** Where a verdict stands among the others. */
export interface VerdictPlace {
  readonly tenant: string;
  readonly candidateSha256: string;
  readonly baselineSha256: string;
  readonly policyId: string;
  /** Digest of the question; see `questionId`. */
  readonly question: string;
  /** The place of its evaluation in the order in which all began. */
  readonly began: bigint;
}

/** What an evaluation looked at: it lets an earlier answer be given again, and says what the verdict rests on. */
export interface VerdictScope {
  readonly place: VerdictPlace;
  readonly askedSha256: string;
  readonly startTime: Date;
  /** What news would be about; see `newsSubjects`. */
  readonly subjects: readonly string[];
  /** Digests of all envelopes that were looked at, whether they counted or not. */
  readonly considered: readonly string[];
  /** Names of the witnesses that it is about, those that were left out included. */
  readonly witnesses: readonly string[];
  /** SHA-256 of the payload of the delta proof; undefined: there is none. */
  readonly deltaPayloadSha256: string | undefined;
  /** Id of the ALLOW by which the baseline is known; empty: by something else. */
  readonly baselineVerdict: string;
  /** Fingerprints of the keys that it rests on. */
  readonly signers: readonly string[];
  readonly refutations: readonly Refutation[];
}

/** Everybody who was asked answered: only such a verdict is answered again, or takes another one's place. */
export function isWhole({ unanswered }: Verdict): boolean {
  return unanswered.length === 0;
}
