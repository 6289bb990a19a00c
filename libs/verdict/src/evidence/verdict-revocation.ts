import { findCutOff, findRevocation, type Revocation, type RevocationList } from '@stella/attestation';
import { questionOf } from '../verdict/question-id.js';
import type { Verdict } from '../verdict/verdict.js';

/**
 * What takes a verdict back: an entry about it; or one about its candidate or its question, which takes back all that was
 * decided before. A verdict whose place another ALLOW took is on no list: nothing that it says became false.
 * @param id of the verdict
 */
export function revocationOfVerdict(list: RevocationList, id: string, verdict: Verdict): Revocation | undefined {
  const decidedAt = new Date(verdict.decidedAt);
  return (
    findRevocation(list, 'verdict', id) ??
    findRevocation(list, 'statement', id) ??
    findCutOff(list, 'candidate', verdict.candidate.sha256, decidedAt) ??
    findCutOff(list, 'question', questionOf(verdict), decidedAt)
  );
}

/** What a verifier calls it: that a person took it back, or that something newer speaks against it. */
export function wordForRevoked({ reason }: Revocation): 'VERDICT_WITHDRAWN' | 'VERDICT_SUPERSEDED' {
  return reason === 'withdrawn' ? 'VERDICT_WITHDRAWN' : 'VERDICT_SUPERSEDED';
}
