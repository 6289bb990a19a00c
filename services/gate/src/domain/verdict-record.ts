import type { Verdict } from '@stella/verdict';

/** A word for why a verdict counts no more; the signed list is read by strangers and has no other text. */
export type RevocationWord = 'superseded' | 'withdrawn';

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
  readonly revokedAt: Date | undefined;
}

/** What lets an earlier answer be given again. */
export interface VerdictScope {
  readonly askedSha256: string;
  readonly startTime: Date;
  /** What news would be about; see `newsSubjects`. */
  readonly subjects: readonly string[];
  /** Digests of all envelopes that were looked at, whether they counted or not. */
  readonly considered: readonly string[];
}

/** Everybody who was asked answered: only such a verdict is answered again, or takes another one's place. */
export function isWhole({ unanswered }: Verdict): boolean {
  return unanswered.length === 0;
}
