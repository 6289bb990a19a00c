import type { PredicateType } from '@stella/attestation';
import type { Sql, Tx } from '@stella/platform-database';
import type { MicroWitness, VerifyResult } from '@stella/witness';
import type { Failure } from '../domain/failure.js';
import type { Host } from '../domain/host.js';
import type { Incident } from '../domain/incident.js';
import type { DraftCore } from '../domain/draft-core.js';
import type { Milestone, Waiting } from '../domain/milestone.js';
import type { Replay } from '../domain/replay.js';
import type { ReplayedRun } from '../domain/replayed-run.js';
import type { ResultFigures, Verification } from '../domain/verification.js';
import type { Recording, Witness } from '../domain/witness.js';

export interface Key {
  readonly tenant: string;
  readonly id: string;
}

/** Newest first, from behind a position. */
export interface PageQuery {
  readonly tenant: string;
  readonly after: { readonly createTime: Date; readonly id: string } | undefined;
  readonly countMax: number;
}

/** Runs work in a transaction; the platform's `Database` is one. */
export interface Transactions {
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** Lets one transaction at a time act on something that has no row yet. */
export type Lock = (tx: Tx, what: string) => Promise<void>;

export interface IncidentRepository {
  find(key: Key, sql?: Sql): Promise<Incident | undefined>;
  page(query: PageQuery): Promise<readonly Incident[]>;
  insert(tx: Tx, incident: Incident): Promise<void>;
  /** Notes that the incident of this witness has come so far. The time since it was registered, in ms; undefined: it had before. */
  reached(tx: Tx, witness: Key, milestone: Milestone, at: Date): Promise<number | undefined>;
  /** Over all tenants, one for each milestone. */
  waiting(now: Date): Promise<readonly Waiting[]>;
}

export interface WitnessRepository {
  find(key: Key, sql?: Sql): Promise<Witness | undefined>;
  /** @param incidentId only this incident's; absent: all */
  page(query: PageQuery & { readonly incidentId: string | undefined }): Promise<readonly Witness[]>;
  /** False: it was there before, and stays as it was. */
  insert(tx: Tx, witness: Witness): Promise<boolean>;
}

export interface RecordingRepository {
  find(key: Key, sql?: Sql): Promise<Recording | undefined>;
  /** The newest one of this key that is under way or gave a witness. */
  findByKey(tx: Tx, tenant: string, key: string): Promise<Recording | undefined>;
  insert(tx: Tx, recording: Recording): Promise<void>;
  finish(tx: Tx, key: Key, outcome: { readonly witnessId: string } | { readonly failure: Failure }): Promise<void>;
}

export interface VerificationRepository {
  find(key: Key, sql?: Sql): Promise<Verification | undefined>;
  /** Begins it, or begins it anew: an earlier result is gone. */
  begin(tx: Tx, verification: Verification): Promise<void>;
  finish(tx: Tx, key: Key, outcome: { readonly result: ResultFigures; readonly failure: Failure | undefined; readonly expireTime: Date }): Promise<void>;
  fail(tx: Tx, key: Key, failure: Failure): Promise<void>;
}

export interface ReplayRepository {
  find(key: Key): Promise<Replay | undefined>;
  countRunning(tx: Tx, tenant: string): Promise<number>;
  insert(tx: Tx, replay: Replay): Promise<void>;
  /** False: it was answered, or given up, before. */
  end(tx: Tx, key: Key, how: 'answered' | 'expired'): Promise<boolean>;
  /** Those under way whose deadline has passed, the longest first. */
  overdue(now: Date, countMax: number): Promise<readonly Replay[]>;
}

/** What a request was answered with. */
export interface Answered {
  readonly requestSha256: string;
  readonly resource: string;
  readonly cached: boolean;
}

export interface RequestRepository {
  find(tenant: string, requestId: string, sql?: Sql): Promise<Answered | undefined>;
  insert(tx: Tx, tenant: string, requestId: string, answered: Answered): Promise<void>;
}

export interface Evidence {
  readonly sha256: string;
  readonly predicateType: PredicateType;
  readonly envelope: Uint8Array;
}

/** Signed statements about artifacts, kept as blobs. */
export interface EvidenceStore {
  /** Signs and keeps it. @returns the envelope's SHA-256 */
  sign(predicateType: PredicateType, artifactSha256: string, predicate: object): Promise<string>;
  read(predicateType: PredicateType, sha256: string): Promise<Evidence>;
  /** The witness of an envelope that we signed. @throws DomainError when it is not ours, or not whole */
  witness(sha256: string): Promise<MicroWitness>;
  /** The result of an envelope that we signed. @throws as `witness` */
  verifyResult(sha256: string): Promise<VerifyResult>;
}

/** What runs did, read from what a worker left. */
export interface ReplayRecords {
  keep(bytes: Uint8Array): Promise<void>;
  /** @throws DomainError BLOB_NOT_FOUND, BLOB_DIGEST_MISMATCH, EVENT_INVALID, CANONICALISER_UNKNOWN, OUTPUT_TOO_LARGE */
  runs(outcomesSha256: string, canonicaliser: string): Promise<readonly ReplayedRun[]>;
}

/** Who knows which artifacts a tenant has. */
export interface ArtifactRegistry {
  /** @throws DomainError ARTIFACT_NOT_FOUND where this tenant has none of the digest */
  require(tenant: string, sha256: string): Promise<void>;
}

/** The host on which replays run. */
export interface WorkerHost {
  /** @throws DomainError UNAVAILABLE when no worker says */
  current(): Promise<Host>;
  /** What was known no longer holds. */
  forget(): void;
}

/** Tells those who wait, in whichever process of the service, that something has changed. */
export interface Changes {
  /** Once the transaction has committed. */
  announce(tx: Tx, what: string): Promise<void>;
  /** Resolves at the next change, after so long, or when the signal says so. */
  next(what: string, timeoutMs: number, signal: AbortSignal): Promise<void>;
}

export interface ReplayOrderDetails {
  readonly draft: DraftCore;
  readonly artifactSha256: string;
  readonly canonicaliser: string;
  readonly determinism: string;
  readonly isolation: string;
}

/** One helper a fact: each counts it, logs it and, where others care, adds it to the outbox. */
export interface ReplayFacts {
  replayRequested(tx: Tx, replay: Replay, details: ReplayOrderDetails): Promise<void>;
  quotaSpent(tenant: string): void;
  answeredLate(replayId: string): void;
  expired(tx: Tx, replay: Replay): void;
  witnessRecorded(tx: Tx, witness: Witness, isNew: boolean): Promise<void>;
  /** @param waitedMs since the incident was registered */
  incidentReached(tx: Tx, milestone: Milestone, waitedMs: number): void;
  incidentsWaiting(waiting: readonly Waiting[]): void;
  recordingFailed(tx: Tx, recording: Key, failure: Failure): void;
  cacheAsked(answer: 'hit' | 'miss' | 'joined' | 'bypassed', durationMs: number): void;
  verificationCompleted(tx: Tx, verification: Verification, result: ResultFigures, durationMs: number): Promise<void>;
  verificationFailed(tx: Tx, verification: Key, failure: Failure): void;
  reexecuted(tx: Tx, verification: Key, result: 'agreed' | 'contradicted' | 'inconclusive'): void;
}
