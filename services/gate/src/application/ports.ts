import type { Revocation } from '@stella/attestation';
import type { Tx } from '@stella/platform-database';
import type { EvidenceItem } from '@stella/verdict';
import type { VerdictRecord } from '../domain/release.js';

export interface DeltaEvidence {
  /** Both indexes, the proof and its scope: four envelopes. */
  readonly envelopes: readonly Uint8Array[];
  /** Of the proof: what partners countersign. */
  readonly proofSha256: string;
  readonly units: number;
  readonly functionsChanged: number;
  readonly cached: boolean;
}

/** psdi, as the gate sees it. */
export interface Deltas {
  /** @throws DomainError ARTIFACT_NOT_FOUND; or whatever keeps the delta from being known */
  index(tenant: string, artifactSha256: string, signal: AbortSignal): Promise<{ readonly cached: boolean }>;
  compare(tenant: string, baselineSha256: string, candidateSha256: string, signal: AbortSignal): Promise<DeltaEvidence>;
}

export interface WitnessRef {
  /** `witnesses/<id>`. */
  readonly name: string;
  readonly incident: string;
  readonly artifactSha256: string;
  readonly envelope: Uint8Array;
}

export interface ReplayEvidence {
  /** None where the replays could not be made. */
  readonly envelope: Uint8Array | undefined;
  readonly outcome: string;
  readonly successes: number;
  readonly replays: number;
  readonly cached: boolean;
  readonly problem: string;
}

/** frvf, as the gate sees it. */
export interface Witnesses {
  /** @throws DomainError INCIDENT_NOT_FOUND */
  requireIncident(tenant: string, incident: string, signal: AbortSignal): Promise<void>;
  /** Finished witnesses of an incident, or all; at most `limits.witnessesMax`. */
  list(tenant: string, incident: string | undefined, signal: AbortSignal): Promise<readonly WitnessRef[]>;
  replay(tenant: string, witness: string, artifactSha256: string, replays: number, signal: AbortSignal): Promise<ReplayEvidence>;
}

/** fbpe, as the gate sees it. */
export interface EvidenceLog {
  /** Logs it where it is not logged yet. */
  append(tenant: string, envelope: Uint8Array, signal: AbortSignal): Promise<EvidenceItem>;
  /** After everything was appended. */
  state(signal: AbortSignal): Promise<{ readonly origin: string; readonly size: number }>;
  /** Statements of others about this payload, with how many come from the own operator's nodes. */
  crossVerifications(tenant: string, candidateSha256: string, signal: AbortSignal): Promise<{ readonly envelopes: readonly Uint8Array[]; readonly sameOperator: number }>;
}

export interface StoredPolicy {
  readonly id: string;
  readonly version: number;
  readonly sha256: string;
  readonly envelope: Uint8Array;
  readonly expiresAt: Date;
}

export interface PolicyRepository {
  newest(id: string): Promise<StoredPolicy | undefined>;
  /** Keeps the one that is there when two add the same version. */
  add(policy: StoredPolicy): Promise<void>;
}

export interface VerdictPage {
  readonly records: readonly VerdictRecord[];
  readonly next: PagePlace | undefined;
}

export interface PagePlace {
  readonly issuedAt: Date;
  readonly id: string;
}

export interface VerdictRepository {
  /** The newest one in force that answers this very request about these witnesses. */
  answerTo(tenant: string, requestDigest: string, witnessesSha256: string): Promise<VerdictRecord | undefined>;
  get(tenant: string, id: string): Promise<VerdictRecord | undefined>;
  list(tenant: string, candidateSha256: string | undefined, after: PagePlace | undefined, count: number): Promise<VerdictPage>;
  /** The one in force about this candidate under this policy, which a new one takes the place of. */
  inForce(tenant: string, candidateSha256: string, policyId: string): Promise<VerdictRecord | undefined>;
  /** The newest ALLOW in force about an artifact: by it a baseline is known. */
  allowOf(tenant: string, candidateSha256: string): Promise<VerdictRecord | undefined>;
  add(tx: Tx, record: VerdictRecord): Promise<void>;
  /** Says whether it was in force. The revocation list has the next version then. */
  revoke(tx: Tx, tenant: string, id: string, reason: string, at: Date): Promise<boolean>;
  revocations(): Promise<{ readonly version: number; readonly entries: readonly Revocation[] }>;
}

/** One helper a fact (events.ts). */
export interface GateFacts {
  issued(tx: Tx, record: VerdictRecord): Promise<void>;
  withdrawn(tx: Tx, record: VerdictRecord, reason: string): Promise<void>;
  stage(stage: string, seconds: number): void;
  evidence(source: 'reused' | 'computed', count: number): void;
  answeredFromCache(): void;
  couldNotCollect(part: string, error: unknown): void;
}
