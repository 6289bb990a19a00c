import { canonicalize, sha256Hex } from '@stella/attestation';
import { claimSentence, type Claim } from '@stella/policy';
import type { BaselineWord, Verdict } from './verdict.js';

/** What a verdict answers, whichever version of the policy it was given under and however its artifacts were called. */
export interface QuestionIdentity {
  readonly tenant: string;
  readonly candidateSha256: string;
  readonly baselineSha256: string;
  readonly baselineWord: BaselineWord;
  /** Name of the policy. */
  readonly policyId: string;
  readonly claims: readonly Claim[];
}

/** SHA-256 of a question: a verdict takes the place of earlier ones to the same question. */
export function questionId({ claims, ...rest }: QuestionIdentity): string {
  return sha256Hex(canonicalize({ kind: 'stella-release-question/1', ...rest, claims: claims.map(claimSentence).sort() }));
}

export function questionOf({ tenant, candidate, baseline, baselineWord, policy, claims }: Verdict): string {
  return questionId({
    tenant,
    baselineWord,
    candidateSha256: candidate.sha256,
    baselineSha256: baseline.sha256,
    policyId: policy.id,
    claims: claims.map(({ claim }) => claim),
  });
}
