import { CrossVerificationResult, type CrossVerification, type Entry, type Peering as PeeringMessage, PeeringState } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { DomainError } from '@stella/errors';
import { formatVerifierKey, parseDigestRecord } from '@stella/transparency-log';
import { isDomainError } from '@stella/errors';
import type { EntryPosition } from '../application/ports.js';
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

export function encodePosition(position: EntryPosition | undefined): string {
  return position ? Buffer.from(`${position.index} ${position.origin}`).toString('base64url') : '';
}

/** @throws DomainError `PAGE_TOKEN_INVALID` */
export function decodePosition(token: string): EntryPosition | undefined {
  if (token === '') return undefined;
  const [, index, origin] = /^([0-9]{1,15}) (.{1,300})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (index === undefined || origin === undefined) throw new DomainError('PAGE_TOKEN_INVALID');
  return { origin, index: Number(index) };
}

/** @throws DomainError `PAGE_TOKEN_INVALID` */
export function decodePeeringToken(token: string): string | undefined {
  if (token === '') return undefined;
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(token)) return token;
  throw new DomainError('PAGE_TOKEN_INVALID');
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
