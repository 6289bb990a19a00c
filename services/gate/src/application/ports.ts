import type { Revocation } from '@stella/attestation';
import type { Tx } from '@stella/platform-database';
import type { LogProof, Source } from '@stella/verdict';
import type { Stage } from '../domain/progress.js';
import type { RevocationWord, VerdictRecord, VerdictScope } from '../domain/verdict-record.js';

/** One call of another service. */
export interface Call {
  readonly tenant: string;
  /** A UUID: the same step of the same evaluation has the same one. */
  readonly requestId: string;
  readonly signal: AbortSignal;
}

export interface DeltaEvidence {
  readonly baselineIndex: Uint8Array;
  readonly candidateIndex: Uint8Array;
  readonly proof: Uint8Array;
  readonly scope: Uint8Array;
  /** Units that are neither identical nor only moved. */
  readonly unitsChanged: number;
  readonly functionsChanged: number;
  readonly cached: boolean;
}

/** psdi, as the gate sees it. Errors: ARTIFACT_NOT_FOUND; or whatever keeps the delta from being known. */
export interface Deltas {
  index(call: Call, artifactSha256: string): Promise<{ readonly cached: boolean }>;
  compare(call: Call, baselineSha256: string, candidateSha256: string): Promise<DeltaEvidence>;
}

export interface WitnessRef {
  /** `witnesses/<id>`. */
  readonly name: string;
  readonly incident: string;
  readonly artifactSha256: string;
}

export interface ReplayEvidence {
  /** The signed result; none where the replays could not be made. */
  readonly envelope: Uint8Array | undefined;
  readonly outcome: string;
  readonly successes: number;
  readonly replays: number;
  readonly cached: boolean;
  /** Why there is no result. */
  readonly failureReason: string;
}

/** frvf, as the gate sees it. */
export interface Witnesses {
  /** @throws DomainError INCIDENT_NOT_FOUND */
  requireIncident(call: Call, incident: string): Promise<void>;
  ofIncident(call: Call, incident: string): Promise<readonly WitnessRef[]>;
  ofArtifact(call: Call, artifactSha256: string): Promise<readonly WitnessRef[]>;
  /** The signed micro-witness. */
  envelope(call: Call, witness: string): Promise<Uint8Array>;
  /** Waits until the replays are done. */
  replay(call: Call, witness: string, artifactSha256: string, replays: number): Promise<ReplayEvidence>;
}

/** What a node found about a piece of evidence. */
export interface FoundCheck {
  readonly envelope: Uint8Array;
  readonly sameOperator: boolean;
}

/** fbpe, as the gate sees it. */
export interface EvidenceLog {
  /** Logs it where it is not logged yet, and waits for a checkpoint that covers it. */
  append(call: Call, envelope: Uint8Array): Promise<LogProof>;
  /** Statements of nodes about a logged payload. */
  checksOf(call: Call, payloadSha256: string): Promise<readonly FoundCheck[]>;
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

export interface PagePlace {
  readonly issuedAt: Date;
  readonly id: string;
}

export interface VerdictPage {
  readonly records: readonly VerdictRecord[];
  readonly next: PagePlace | undefined;
}

export interface EarlierAnswer {
  readonly tenant: string;
  readonly requestDigest: string;
  readonly askedSha256: string;
  readonly trustRootSha256: string;
}

export interface VerdictRepository {
  /** The newest whole verdict in force that answers this very question, unless there are news about it. */
  answerTo(question: EarlierAnswer): Promise<VerdictRecord | undefined>;
  get(tenant: string, id: string): Promise<VerdictRecord | undefined>;
  list(tenant: string, candidateSha256: string | undefined, after: PagePlace | undefined, count: number): Promise<VerdictPage>;
  /** Ids of those in force about a candidate under the policies of one name, newest first. With a transaction, nobody else adds one until it ends. */
  inForce(tenant: string, candidateSha256: string, policyId: string, tx?: Tx): Promise<readonly string[]>;
  /** The newest ALLOW in force about an artifact: by it a baseline is known. */
  allowOf(tenant: string, candidateSha256: string): Promise<VerdictRecord | undefined>;
  add(tx: Tx, record: VerdictRecord, scope: VerdictScope): Promise<void>;
  /** Says whether it was in force. @param note for the tenant itself; the signed list has the word */
  revoke(tx: Tx, tenant: string, id: string, why: { readonly word: RevocationWord; readonly note: string }, at: Date): Promise<boolean>;
}

export interface SignedList {
  readonly version: number;
  readonly envelope: Uint8Array;
  readonly entryCount: number;
  /** Fingerprint of the key that signed it. */
  readonly signer: string;
  readonly issuedAt: Date;
}

export interface RevocationRepository {
  count(): Promise<number>;
  last(): Promise<SignedList | undefined>;
  /** One at a time, over all processes: `sign` gets the number of the next list and all entries. */
  next(sign: (version: number, entries: readonly Revocation[]) => Promise<SignedList>): Promise<SignedList>;
}

export interface EvaluationRepository {
  /** The id of this question's evaluation: a new one, or that of one that was killed. Only for whoever holds the question's lock. */
  begin(tenant: string, questionDigest: string, newId: string): Promise<string>;
  reached(id: string, stage: Stage): Promise<void>;
  /** The last step, in the verdict's own transaction. */
  done(tx: Tx, id: string, verdictId: string): Promise<void>;
  ended(id: string, state: 'failed' | 'cancelled', reason: string): Promise<void>;
}

export interface NewsRepository {
  add(tx: Tx, news: { readonly tenant: string; readonly subjects: readonly string[]; readonly evidence: string; readonly time: Date }): Promise<void>;
  forgetBefore(time: Date): Promise<void>;
}

/** Locks over all processes of an installation. */
export interface Locks {
  /** @throws DomainError CANCELLED when the signal aborts before it is free */
  hold<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export interface Transactions {
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export type EvidenceKind = 'delta' | 'witness' | 'replay' | 'cross-verification';

/** One helper a fact (events.ts). */
export interface GateFacts {
  issued(tx: Tx, record: VerdictRecord): Promise<void>;
  withdrawn(tx: Tx, record: VerdictRecord, reason: string): Promise<void>;
  stage(stage: Stage, seconds: number): void;
  /** An evaluation ended. */
  ended(how: 'verdict' | 'cancelled' | 'failed', seconds: number): void;
  answeredFromCache(seconds: number): void;
  evidence(kind: EvidenceKind, source: 'reused' | 'computed', count: number): void;
  unanswered(source: Source, error: unknown): void;
  running(evaluations: number): void;
}
