import { CrossVerificationResult, type CrossVerification, type Entry, type Peering as PeeringMessage, PeeringState } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { isDomainError } from '@stella/errors';
import { formatVerifierKey, parseDigestRecord } from '@stella/transparency-log';
import type { ProvenEntry } from '../application/read-entries.js';
import { type CheckResult, METHOD_NAMES } from '../domain/cross-verification.js';
import { isSameOperator, type OwnIdentity, type Peering } from '../domain/peering.js';

const RESULTS: Readonly<Record<CheckResult, CrossVerificationResult>> = {
  agrees: CrossVerificationResult.CROSS_VERIFICATION_RESULT_AGREES,
  disagrees: CrossVerificationResult.CROSS_VERIFICATION_RESULT_DISAGREES,
  cannot: CrossVerificationResult.CROSS_VERIFICATION_RESULT_CANNOT,
};

export function toEntryMessage(entry: ProvenEntry): Entry {
  return {
    index: BigInt(entry.index),
    record: buffer(entry.record),
    payloadSha256: entry.payloadDigest,
    predicateType: entry.predicateType,
    subjectSha256: subjectsOf(entry.record),
    logTime: entry.time,
    origin: entry.origin,
    proof: buffer(entry.proof),
    crossVerifications: entry.verifications.map(toVerificationMessage),
    agreeingPartners: entry.agreeingPartners,
  };
}

function toVerificationMessage(one: ProvenEntry['verifications'][number]): CrossVerification {
  const { envelope } = one;
  return {
    result: RESULTS[one.result],
    method: METHOD_NAMES[one.method],
    reason: one.reason ?? '',
    organisation: one.organisation,
    sameOperator: one.sameOperator || one.relation === 'same-operator',
    evidence: envelope && { sha256: one.envelopeSha256, predicateType: one.predicateType, envelope: buffer(envelope) },
  };
}

export function toPeeringMessage(peering: Peering, own: OwnIdentity): PeeringMessage {
  return {
    name: `peerings/${peering.id}`,
    organisation: peering.organisation,
    origin: peering.origin,
    logKey: formatVerifierKey(peering.logKey),
    cosignerKey: formatVerifierKey(peering.cosignerKey),
    grpcAddress: peering.grpcAddress,
    httpAddress: peering.httpAddress,
    sameOperator: isSameOperator(peering, own),
    state: peering.state === 'active' ? PeeringState.PEERING_STATE_ACTIVE : PeeringState.PEERING_STATE_FROZEN,
    verifiedSize: BigInt(peering.verifiedSize),
    frozenReason: peering.frozenReason ?? '',
    lastPullTime: peering.lastPullTime,
    evidenceKeys: peering.evidenceKeys.map(({ spki }) => buffer(spki)),
    development: peering.development,
  };
}

function subjectsOf(record: Uint8Array): string[] {
  try {
    return [...parseDigestRecord(record).subjects];
  } catch (error) {
    if (isDomainError(error, 'TLOG_RECORD_INVALID')) return [];
    throw error;
  }
}

export function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
