import type { IndexRef, UnitKind } from '@stella/binary-delta';
import type { Identity, IndexEnd, LiftHeader } from '@stella/native';
import type { Tx } from '@stella/platform-database';
import type { Artifact } from '../domain/artifact.js';
import type { ArtifactPair, ChangedUnit, DeltaRecord } from '../domain/delta-record.js';
import type { FunctionIdentity } from '../domain/function-identity.js';
import type { IndexRecord } from '../domain/index-record.js';
import type { MadeDelta } from '../domain/make-delta.js';
import type { EnvelopeFinding, IndexPair, ProofFinding } from '../domain/read-proof.js';
import type { RecheckFault } from '../domain/recheck-delta.js';

/** An index as it is kept: the Merkle set and the side records. Each has memory of its own. */
export interface PackedIndex {
  readonly set: Buffer;
  readonly sides: Buffer;
}

/** What one run of the lifter gave. */
export interface Lift {
  readonly header: LiftHeader;
  readonly end: IndexEnd;
  readonly functions: readonly FunctionIdentity[];
  /** What the packed index says of itself: its root, and what is under it. */
  readonly ref: Omit<IndexRef, 'artifactSha256'>;
  readonly index: PackedIndex;
}

/** The lifter: one process of its own for each call. */
export interface Lifter {
  /** SHA-256 of the executable that is signed for. */
  readonly sha256: string;
  /** @throws DomainError NATIVE_…, LIFTER_CHANGED, INDEX_INVALID, LEAF_INVALID, CANCELLED */
  lift(path: string, signal: AbortSignal): Promise<Lift>;
  /** Which build a file is, without lifting it. @throws DomainError NATIVE_… */
  identify(path: string, signal: AbortSignal): Promise<Identity>;
}

export interface ArtifactRepository {
  find(tenant: string, sha256: string): Promise<Artifact | undefined>;
  /** The artifact that there is now: an earlier one keeps its label and time. */
  add(artifact: Artifact): Promise<Artifact>;
}

export interface IndexKey {
  readonly tenant: string;
  readonly artifactSha256: string;
  readonly lifterSha256: string;
}

export interface IndexRepository {
  find(key: IndexKey): Promise<IndexRecord | undefined>;
  /** With its functions, which take the place of those of an earlier lift. */
  add(record: IndexRecord, functions: readonly FunctionIdentity[]): Promise<void>;
}

/** Packed indexes as blobs. */
export interface IndexStore {
  save(index: PackedIndex): Promise<{ readonly setSha256: string; readonly sidesSha256: string }>;
  /** @throws DomainError BLOB_NOT_FOUND, BLOB_DIGEST_MISMATCH */
  load(record: IndexRecord): Promise<PackedIndex>;
}

/** An artifact that was lifted now and is not kept. */
export interface LiftedSide {
  readonly ref: IndexRef;
  readonly unitsByKind: Readonly<Record<UnitKind, number>>;
  readonly index: PackedIndex;
}

/** Compares indexes. That may take long, and is nothing that the caller's thread does. */
export interface Comparer {
  /** What was just indexed is what will be compared: keeps it at hand. The index is given away. */
  keep(record: IndexRecord, index: PackedIndex): void;
  /** @throws DomainError PROOF_TOO_LARGE, INDEXES_NOT_COMPARABLE, INDEX_INVALID, and as `IndexStore.load` */
  compare(baseline: IndexRecord, candidate: IndexRecord): Promise<MadeDelta>;
  /** What two lifts of now say against the proof of an envelope that was opened; undefined: nothing. The indexes are given away. */
  recheck(envelope: Uint8Array, old: LiftedSide, next: LiftedSide): Promise<RecheckFault | undefined>;
}

/** Reads proofs, which may be long: that is nothing that the caller's thread does. */
export interface ProofReader {
  open(envelope: Uint8Array): Promise<EnvelopeFinding>;
  /** Of an envelope that was opened. */
  verify(envelope: Uint8Array, indexes: IndexPair): Promise<ProofFinding>;
}

export interface DeltaRepository {
  find(tenant: string, id: string): Promise<DeltaRecord | undefined>;
  /** False if there is one of this id already. */
  add(tx: Tx, record: DeltaRecord, units: readonly ChangedUnit[]): Promise<boolean>;
  units(query: UnitQuery): Promise<readonly (ChangedUnit & { readonly position: number })[]>;
}

export interface UnitQuery {
  readonly tenant: string;
  readonly deltaId: string;
  readonly kind: string | undefined;
  readonly afterPosition: number;
  readonly countMax: number;
}

export type FunctionSought = { readonly by: 'e1' | 'e2' | 'name'; readonly value: string };

export interface FunctionOccurrence extends FunctionIdentity {
  readonly artifactSha256: string;
  readonly position: number;
}

export interface FunctionQuery {
  readonly tenant: string;
  readonly sought: FunctionSought;
  readonly after: { readonly artifactSha256: string; readonly position: number };
  readonly countMax: number;
}

export interface FunctionRepository {
  find(query: FunctionQuery): Promise<readonly FunctionOccurrence[]>;
}

/** Which create request got which answer. */
export interface RequestRepository {
  find(tenant: string, requestId: string): Promise<{ readonly requestSha256: string; readonly answer: string } | undefined>;
  /** False if there is one of this id already. */
  add(tenant: string, requestId: string, requestSha256: string, answer: string): Promise<boolean>;
}

export interface PackFileOutcome {
  readonly sha256: string;
  readonly outcome: 'indexed' | 'skipped' | 'refused';
  /** Empty for an indexed file. */
  readonly reason: string;
}

export interface PackRepository {
  save(tx: Tx, tenant: string, pack: string, outcomes: readonly PackFileOutcome[]): Promise<void>;
}

/** Keeps work on one thing to one process of the installation at a time. */
export interface Locks {
  /** @throws DomainError CANCELLED when the signal aborts while another process holds the lock */
  hold<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export interface Transactions {
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export type Cache = 'index' | 'delta' | 'parsed';

/** One helper a fact: each counts it, logs it and, where others care, adds it to the outbox. */
export interface PsdiFacts {
  uploaded(artifact: Artifact): void;
  asked(cache: Cache, isHit: boolean): void;
  indexed(record: IndexRecord, durationSeconds: number): void;
  liftFailed(key: Omit<IndexKey, 'lifterSha256'>, error: unknown): void;
  deltaIndexed(tx: Tx, record: DeltaRecord): Promise<void>;
  verified(pair: ArtifactPair | undefined, mode: 'fast' | 'deep', refusal: string, durationSeconds: number): void;
  packIndexed(tx: Tx, tenant: string, pack: string, outcomes: readonly PackFileOutcome[], lagSeconds: number): void;
}

