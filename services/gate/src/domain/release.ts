import type { Claim } from '@stella/policy';
import type { BaselineBasis, Verdict } from '@stella/verdict';

/** One side of a release decision. */
export interface ReleaseSide {
  readonly sha256: string;
  readonly label: string;
}

/** What is asked, parsed. */
export interface ReleaseQuestion {
  readonly tenant: string;
  readonly baseline: ReleaseSide;
  readonly candidate: ReleaseSide & { readonly resourceUri: string };
  readonly claims: readonly Claim[];
  readonly policyId: string;
  /** `runs` only on the word of a caller who may say so. */
  readonly saidToRun: boolean;
  readonly fresh: boolean;
}

export type Stage = 'index' | 'delta' | 'witness' | 'replay' | 'log' | 'cross-verify' | 'decide' | 'sign';

export interface Progress {
  readonly stage: Stage;
  readonly message: string;
  readonly done: number;
  readonly total: number;
  readonly cached: boolean;
}

export type Report = (progress: Progress) => void;

/** A verdict as the gate keeps it. */
export interface VerdictRecord {
  readonly id: string;
  readonly tenant: string;
  readonly requestDigest: string;
  readonly witnessesSha256: string;
  readonly verdict: Verdict;
  readonly envelope: Uint8Array;
  /** Empty: none, since it is no ALLOW. */
  readonly vsa: Uint8Array;
  readonly bundleSha256: string;
  readonly bundleSizeBytes: number;
  readonly evaluationMs: number;
  readonly issuedAt: Date;
  readonly revokedAt: Date | undefined;
  readonly revokedReason: string;
}

export type { BaselineBasis };

/** Who is asked for evidence; whoever did not answer to the end is named in the verdict. */
export type Source = Verdict['unanswered'][number];

export function claimedIncidents(claims: readonly Claim[]): readonly string[] {
  return [...new Set(claims.flatMap((claim) => (claim.kind === 'fixes_incident' ? [claim.incident] : [])))];
}
