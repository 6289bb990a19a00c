import type { Evidence as EvidenceMessage } from '@stella/contracts/stella/common/v1alpha/common';
import {
  type Incident as IncidentMessage,
  type Invocation as InvocationMessage,
  OperationState as StateMessage,
  OutcomeClass,
  type PassPredicate as PredicateMessage,
  type ResourceCaps as CapsMessage,
  type Verification as VerificationMessage,
  type Witness as WitnessMessage,
} from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { PREDICATE_TYPES } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { PassPredicate, ResourceCaps } from '@stella/witness';
import type { Evidence } from '../application/ports.js';
import type { Invocation } from '../domain/draft-core.js';
import type { OperationState } from '../domain/failure.js';
import type { Incident } from '../domain/incident.js';
import { type Verification, verificationName } from '../domain/verification.js';
import { type Recording, recordingName, type Witness, witnessName } from '../domain/witness.js';
import { OUTCOMES } from '../events.js';

const STATES: Readonly<Record<OperationState, StateMessage>> = {
  running: StateMessage.OPERATION_STATE_RUNNING,
  done: StateMessage.OPERATION_STATE_DONE,
  failed: StateMessage.OPERATION_STATE_FAILED,
};

/** `witnesses/x` → `x`; the proto's rules have checked the form. */
export function idOf(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

export function fromPredicate(message: PredicateMessage | undefined): PassPredicate {
  if (!message) throw new DomainError('REQUEST_INVALID', { fields: 'pass_predicate' });
  return { exitCode: message.exitCode, ...(message.stdoutSha256 !== '' && { stdoutSha256: message.stdoutSha256 }) };
}

export function fromInvocation(message: InvocationMessage | undefined): Invocation {
  if (!message) throw new DomainError('REQUEST_INVALID', { fields: 'invocation' });
  return message;
}

export function fromCaps(message: CapsMessage | undefined): Partial<ResourceCaps> {
  if (!message) return {};
  const { cpuMs, wallMs, memoryBytes, pids, outputBytes } = message;
  return { cpuMs: Number(cpuMs), wallMs: Number(wallMs), memoryBytes: Number(memoryBytes), pids, outputBytes: Number(outputBytes) };
}

export function toIncident({ id, title, passPredicate, createTime }: Incident): IncidentMessage {
  const { exitCode, stdoutSha256 = '' } = passPredicate;
  return { name: `incidents/${id}`, title, passPredicate: { exitCode, stdoutSha256 }, createTime };
}

/** @param evidence absent: only its digest is told */
export function toWitness(witness: Witness, evidence?: Evidence): WitnessMessage {
  return {
    name: witnessName(witness.id),
    incident: `incidents/${witness.incidentId}`,
    artifactSha256: witness.artifactSha256,
    state: StateMessage.OPERATION_STATE_DONE,
    failureReason: '',
    failureDetail: '',
    canonicaliser: witness.canonicaliser,
    determinism: witness.determinism,
    isolation: witness.isolation,
    evidence: toEvidence(evidence ?? { sha256: witness.evidenceSha256, predicateType: PREDICATE_TYPES.microWitness, envelope: new Uint8Array() }),
    stack: Buffer.from(witness.stack?.body ?? []),
    stackFormat: witness.stack?.format ?? '',
    createTime: witness.createTime,
    determinismReason: witness.determinismReason,
  };
}

/** A witness that is not there yet, or never will be. */
export function toUnfinishedWitness({ id, draft, state, failure, canonicaliser, isolation, createTime }: Recording): WitnessMessage {
  return {
    name: recordingName(id),
    incident: `incidents/${draft.incident}`,
    artifactSha256: draft.artifactSha256,
    state: STATES[state],
    failureReason: failure?.reason ?? '',
    failureDetail: failure?.detail ?? '',
    canonicaliser,
    determinism: '',
    isolation,
    evidence: undefined,
    stack: Buffer.alloc(0),
    stackFormat: '',
    createTime,
    determinismReason: '',
  };
}

export function toVerification(verification: Verification, cached: boolean, evidence: Evidence | undefined): VerificationMessage {
  const { id, witnessId, artifactSha256, state, failure, result, createTime } = verification;
  return {
    name: verificationName(id),
    witness: witnessName(witnessId),
    artifactSha256,
    state: STATES[state],
    failureReason: failure?.reason ?? '',
    failureDetail: failure?.detail ?? '',
    outcome: result ? OUTCOMES[result.outcome] : OutcomeClass.OUTCOME_CLASS_UNSPECIFIED,
    replays: result?.replays ?? 0,
    successes: result?.successes ?? 0,
    successLowerBoundPpm: result?.successLowerBoundPpm ?? 0,
    canonicalVariance: result?.canonicalVariance ?? 0,
    rawVariance: result?.rawVariance ?? 0,
    capHit: result?.capHit ?? '',
    evidence: evidence && toEvidence(evidence),
    cached,
    createTime,
  };
}

function toEvidence({ sha256, predicateType, envelope }: Evidence): EvidenceMessage {
  return { sha256, predicateType, envelope: Buffer.from(envelope) };
}
