import { findRevocation, PREDICATE_TYPES, trustedKey } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { isAsStrict, type PolicySet } from '@stella/policy';
import { readVerdict } from '../verdict/read-verdict.js';
import type { BaselineBasis, Verdict } from '../verdict/verdict.js';
import type { Trust } from './check-evidence.js';
import type { CheckedEvidence } from './evidence-item.js';

export interface BaselineQuestion {
  readonly tenant: string;
  readonly verifierId: string;
  readonly organisation: string;
  readonly baselineSha256: string;
  readonly baselineBasis: BaselineBasis;
  readonly policy: PolicySet;
  readonly trust: Trust;
  readonly decidedAt: Date;
}

export interface BaselineFinding {
  readonly basis: BaselineBasis;
  readonly evidence: readonly string[];
  /** The ALLOW by which the baseline is known. */
  readonly verdict?: Verdict;
}

/**
 * `verdict` and `seed` have to be shown: an ALLOW about the baseline by the same verifier, under a policy as strict and not
 * too old; or a witness recorded on it.
 */
export function baselineFromEvidence(checked: readonly CheckedEvidence[], question: BaselineQuestion): BaselineFinding {
  const basis = question.baselineBasis;
  if (basis === 'runs' || basis === 'unknown') return { basis, evidence: [] };
  for (const one of checked) {
    const verdict = basis === 'verdict' ? allowOf(one, question) : undefined;
    if (verdict || (basis === 'seed' && isRecordedOn(one, question))) return { basis, evidence: [one.ref.sha256], ...(verdict && { verdict }) };
  }
  return { basis: 'unknown', evidence: [] };
}

function isRecordedOn({ ref, subjects, organisation }: CheckedEvidence, question: BaselineQuestion): boolean {
  const isOurWitness = ref.predicateType === PREDICATE_TYPES.microWitness && organisation === question.organisation;
  return isOurWitness && subjects.length === 1 && subjects[0]?.sha256 === question.baselineSha256;
}

function allowOf(one: CheckedEvidence, { baselineSha256, verifierId, tenant, trust, policy, decidedAt }: BaselineQuestion): Verdict | undefined {
  if (one.ref.predicateType !== PREDICATE_TYPES.verdict) return undefined;
  try {
    const subjects = one.subjects.map(({ sha256 }) => ({ name: 'baseline', sha256 }));
    const verdict = readVerdict({ subjects, predicateType: one.ref.predicateType, predicate: one.predicate });
    const signer = trustedKey(trust.root, one.keyFingerprint);
    const isOurs = verdict.verifierId === verifierId && verdict.tenant === tenant && signer?.verifierId === verifierId;
    const isAllow = verdict.outcome === 'ALLOW' && verdict.candidate.sha256 === baselineSha256;
    const atMs = decidedAt.getTime();
    const isOfNow = Date.parse(verdict.decidedAt) <= atMs && atMs < Date.parse(verdict.validUntil);
    const isStrict = isAsStrict(verdict.policy, { id: policy.document.id, sha256: policy.digest });
    const isPolicyRevoked = findRevocation(trust.revocations, 'policy', verdict.policy.sha256) !== undefined;
    return isOurs && isAllow && isOfNow && isStrict && !isPolicyRevoked ? verdict : undefined;
  } catch (error) {
    if (isDomainError(error)) return undefined;
    throw error;
  }
}

/** As many as the gate says; or, where the baseline's own verdict shows that it were more, as many as those. */
export function witnessesLeftOut(checked: readonly CheckedEvidence[], { witnessesLeftOut: stated }: { readonly witnessesLeftOut: number }, { verdict, evidence }: BaselineFinding): { readonly witnesses: number; readonly evidence: readonly string[] } {
  const there = new Set(checked.map(({ ref }) => ref.payloadSha256));
  const missing = (verdict?.evidence ?? []).filter(({ predicateType, payloadSha256 }) => predicateType === PREDICATE_TYPES.microWitness && !there.has(payloadSha256));
  return { witnesses: Math.max(stated, missing.length), evidence: verdict === undefined ? [] : evidence };
}
