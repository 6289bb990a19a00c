import { PREDICATE_TYPES, sha256Hex } from '@stella/attestation';
import type { Evidence } from '@stella/contracts/stella/common/v1alpha/common';
import {
  ClaimState, type EvaluateReleaseRequest, type Policy, type Verdict as VerdictMessage, type Withdrawal as WithdrawalMessage, WithdrawalKind as Kind, type WithdrawalReason as Reason,
} from '@stella/contracts/stella/gate/v1alpha/gate';
import { DomainError } from '@stella/errors';
import { type BaselineWord, type WithdrawalKind, type WithdrawalReason } from '@stella/verdict';
import { checkClaims, claimSentence, FACT_NAMES, parseClaim } from '@stella/policy';
import type { PolicyInForce } from '../application/policies.js';
import { releaseSide, type ReleaseQuestion, resourceUriOf } from '../domain/release.js';
import type { VerdictRecord } from '../domain/verdict-record.js';
import type { WithdrawalRecord } from '../domain/withdrawal-record.js';
import { OUTCOMES, REASONS } from '../events.js';

const STATES = { proved: ClaimState.CLAIM_STATE_PROVED, refuted: ClaimState.CLAIM_STATE_REFUTED, unproved: ClaimState.CLAIM_STATE_UNPROVED } as const;

/** @throws DomainError CLAIM_INVALID, CLAIMS_TOO_MANY, REQUEST_INVALID */
export function toQuestion(tenant: string, baselineWord: BaselineWord, { baseline, candidate, claims, policy, fresh }: EvaluateReleaseRequest): ReleaseQuestion {
  if (!baseline || !candidate) throw new DomainError('REQUEST_INVALID', { fields: 'baseline candidate' });
  return {
    tenant,
    baselineWord,
    fresh,
    baseline: releaseSide('baseline', baseline.sha256, baseline.label),
    candidate: { ...releaseSide('candidate', candidate.sha256, candidate.label), resourceUri: resourceUriOf(candidate.sha256, candidate.resourceUri) },
    claims: checkClaims(claims.map(parseClaim)),
    policyId: policy.slice('policies/'.length),
  };
}

/**
 * @param vsaSigstoreBundle as `GateTrust.sigstoreBundle` gives it; empty where there is no summary
 * @param withdrawal what bars the candidate now
 */
export function toVerdict(record: VerdictRecord, vsaSigstoreBundle: Uint8Array, cached: boolean, withdrawal?: WithdrawalRecord): VerdictMessage {
  const { verdict } = record;
  return {
    name: `verdicts/${record.id}`,
    requestDigest: verdict.requestId,
    outcome: OUTCOMES[verdict.outcome],
    baseline: { ...verdict.baseline, resourceUri: '' },
    candidate: { ...verdict.candidate },
    policy: `policies/${verdict.policy.id}`,
    policySha256: verdict.policy.sha256,
    unmetRules: verdict.unmetRules.map(({ id, reason, remedy, bars }) => ({ rule: id, reason, remedy, bars })),
    claims: verdict.claims.map(({ claim, state, detail, breadthPpm }) => ({ claim: claimSentence(claim), state: STATES[state], detail, breadthPpm })),
    unexplained: verdict.unexplained.map(({ unitId, kind, displayName, change }) => ({ unitId, kind, displayName, change })),
    unexplainedCount: verdict.unexplainedCount,
    facts: FACT_NAMES.map((name) => ({ name, value: String(verdict.facts[name].value) })),
    statement: evidence(record.envelope, PREDICATE_TYPES.verdict),
    vsa: record.vsa && evidence(record.vsa, PREDICATE_TYPES.slsaVsa),
    issueTime: record.issuedAt,
    supersedes: verdict.supersedes && `verdicts/${verdict.supersedes}`,
    bundleSha256: record.bundleSha256,
    bundleSizeBytes: BigInt(record.bundleSizeBytes),
    cached,
    evaluationMs: BigInt(record.evaluationMs),
    revoked: record.revokedAt !== undefined,
    revocationReason: record.revokedFor,
    supersededBy: record.supersededBy && `verdicts/${record.supersededBy}`,
    validUntilTime: new Date(verdict.validUntil),
    withdrawal: withdrawal && toWithdrawal(withdrawal, false),
    vsaSigstoreBundle: Buffer.from(vsaSigstoreBundle),
  };
}

/** A page of a hundred whole verdicts would be larger than a message may be. */
export function toListedVerdict(record: VerdictRecord): VerdictMessage {
  return { ...toVerdict(record, new Uint8Array(), true), facts: [], unexplained: [], statement: undefined, vsa: undefined };
}

const KINDS: Readonly<Record<WithdrawalKind, Kind>> = { candidate: Kind.WITHDRAWAL_KIND_CANDIDATE, key: Kind.WITHDRAWAL_KIND_KEY, policy: Kind.WITHDRAWAL_KIND_POLICY };

/** @param isNoteShown to whom may administer */
export function toWithdrawal({ withdrawal, note, envelope }: WithdrawalRecord, isNoteShown: boolean): WithdrawalMessage {
  const { kind, id, standing, reason, by, at, verdict } = withdrawal;
  return {
    kind: KINDS[kind],
    sha256: id,
    inForce: standing === 'withdrawn',
    reason: REASONS[reason],
    by,
    time: new Date(at),
    verdict: verdict && `verdicts/${verdict}`,
    note: isNoteShown ? note : '',
    statement: evidence(envelope, PREDICATE_TYPES.withdrawal),
  };
}

export function toListedWithdrawal(record: WithdrawalRecord, isNoteShown: boolean): WithdrawalMessage {
  return { ...toWithdrawal(record, isNoteShown), statement: undefined };
}

/** Undefined for a kind that is not named. */
export function fromKind(kind: Kind): WithdrawalKind | undefined {
  return (Object.keys(KINDS) as WithdrawalKind[]).find((name) => KINDS[name] === kind);
}

export function fromReason(reason: Reason): WithdrawalReason {
  return (Object.keys(REASONS) as WithdrawalReason[]).find((name) => REASONS[name] === reason) ?? 'unspecified';
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
