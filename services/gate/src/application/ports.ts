import type { Tx } from '@stella/platform-database';
import type { LogProof, Source, WithdrawalReason } from '@stella/verdict';
import type { Stage } from '../domain/progress.js';
import type { TakenBack } from '../domain/succession.js';
import type { RevocationWord, VerdictRecord } from '../domain/verdict-record.js';
import type { WithdrawalRecord } from '../domain/withdrawal-record.js';

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

export interface ReplayOrder {
  readonly witness: string;
  readonly artifactSha256: string;
  readonly replays: number;
  readonly fresh: boolean;
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
  /** A witness with its signed statement; undefined: it is gone. */
  get(call: Call, witness: string): Promise<{ readonly ref: WitnessRef; readonly envelope: Uint8Array } | undefined>;
  /** Waits until the replays are done; with `fresh` they are made whatever was found before. */
  replay(call: Call, order: ReplayOrder): Promise<ReplayEvidence>;
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

/** Locks over all processes of an installation. */
export interface Locks {
  /** @throws DomainError CANCELLED when the signal aborts before it is free */
  hold<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export type EvidenceKind = 'delta' | 'witness' | 'replay' | 'cross-verification';

/** Why an evaluation began again. */
export type Disturbance = 'overtaken' | 'revocations' | 'withdrawal' | 'refutation' | 'verdict';

/** One helper a fact (events.ts). */
export interface GateFacts {
  issued(tx: Tx, record: VerdictRecord, takesBack: TakenBack): Promise<void>;
  /** @param verdicts that were in force and are not any more */
  withdrawn(tx: Tx, record: WithdrawalRecord, verdicts: number): Promise<void>;
  reinstated(tx: Tx, record: WithdrawalRecord): Promise<void>;
  /** A DENY was taken back, which bars nothing. */
  denialTakenBack(tx: Tx, record: VerdictRecord, note: string, word: WithdrawalReason): Promise<void>;
  /** Verdicts that verifiers refuse from now on. */
  takenBack(tx: Tx, word: RevocationWord, verdicts: number): void;
  stage(stage: Stage, seconds: number): void;
  /** An evaluation ended. */
  ended(how: 'verdict' | 'overtaken' | 'cancelled' | 'failed', seconds: number): void;
  begunAgain(why: Disturbance): void;
  answeredFromCache(seconds: number): void;
  evidence(kind: EvidenceKind, source: 'reused' | 'computed', count: number): void;
  unanswered(source: Source, error: unknown): void;
  running(evaluations: number): void;
  /** A tenant's list was signed, or could not be because it is full. */
  listed(tenant: string, entries: number): void;
}
