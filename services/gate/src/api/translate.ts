import { PREDICATE_TYPES, sha256Hex } from '@stella/attestation';
import type { Evidence } from '@stella/contracts/stella/common/v1alpha/common';
import { ClaimState, type EvaluateReleaseRequest, type Policy, type Verdict as VerdictMessage } from '@stella/contracts/stella/gate/v1alpha/gate';
import { checkClaims, claimSentence, parseClaim } from '@stella/policy';
import type { PolicyInForce } from '../application/policies.js';
import type { ReleaseQuestion, VerdictRecord } from '../domain/release.js';
import { OUTCOMES } from '../events.js';
import { limits } from '../limits.js';

const STATES = { proved: ClaimState.CLAIM_STATE_PROVED, refuted: ClaimState.CLAIM_STATE_REFUTED, unproved: ClaimState.CLAIM_STATE_UNPROVED } as const;

/** @throws DomainError CLAIM_INVALID, CLAIMS_TOO_MANY */
export function toQuestion(tenant: string, request: EvaluateReleaseRequest): ReleaseQuestion {
  const { baseline, candidate, claims, policy, baselineBasis, fresh } = request;
  return {
    tenant,
    baseline: { sha256: baseline?.sha256 ?? '', label: baseline?.label ?? '' },
    candidate: { sha256: candidate?.sha256 ?? '', label: candidate?.label ?? '', resourceUri: candidate?.resourceUri ?? '' },
    claims: checkClaims(claims.map(parseClaim)),
    policyId: policy.slice('policies/'.length),
    saidToRun: baselineBasis === 'runs',
    fresh,
  };
}

export function toVerdict(record: VerdictRecord, cached: boolean): VerdictMessage {
  const { verdict } = record;
  return {
    name: `verdicts/${record.id}`,
    requestDigest: record.requestDigest,
    outcome: OUTCOMES[verdict.outcome],
    baseline: { ...verdict.baseline, resourceUri: '' },
    candidate: { ...verdict.candidate },
    policy: `policies/${verdict.policy.id}`,
    policySha256: verdict.policy.sha256,
    unmetRules: verdict.unmetRules.map(({ id, reason, remedy, bars }) => ({ rule: id, reason, remedy, bars })),
    claims: verdict.claims.map(({ claim, state, detail, breadthPpm }) => ({ claim: claimSentence(claim), state: STATES[state], detail, breadthPpm })),
    unexplained: verdict.unexplained.slice(0, limits.unexplainedListedMax).map(({ unitId, kind, displayName, change }) => ({ unitId, kind, displayName, change })),
    unexplainedCount: verdict.unexplainedCount,
    facts: Object.entries(verdict.facts).map(([name, fact]) => ({ name, value: String(fact.value) })),
    statement: evidence(record.envelope, PREDICATE_TYPES.verdict),
    vsa: record.vsa.length > 0 ? evidence(record.vsa, PREDICATE_TYPES.slsaVsa) : undefined,
    issueTime: record.issuedAt,
    supersedes: verdict.supersedes && `verdicts/${verdict.supersedes}`,
    bundleSha256: record.bundleSha256,
    bundleSizeBytes: BigInt(record.bundleSizeBytes),
    cached,
    evaluationMs: BigInt(record.evaluationMs),
    revoked: record.revokedAt !== undefined,
  };
}

export function toPolicy({ stored, set }: PolicyInForce): Policy {
  return {
    name: `policies/${stored.id}`,
    version: stored.version,
    sha256: stored.sha256,
    expireTime: stored.expiresAt,
    rules: set.document.rules.map(({ id }) => id),
  };
}

function evidence(envelope: Uint8Array, predicateType: string): Evidence {
  return { sha256: sha256Hex(envelope), predicateType, envelope: Buffer.from(envelope) };
}
