import type { Sql, Tx } from '@stella/platform-database';
import type { AppendPlan, Hash, Misbehaviour, NoteSigner, TileReader } from '@stella/transparency-log';
import type { Signer } from '@stella/attestation';
import type { AttributedVerification, CheckResult } from '../domain/cross-verification.js';
import type { LoggableEvidence } from '../domain/evidence.js';
import type { OwnIdentity, Peering, PeerTerms } from '../domain/peering.js';

/** The node's own keys and names. */
export interface OwnNode extends OwnIdentity {
  readonly log: NoteSigner;
  readonly cosigner: NoteSigner;
  readonly evidence: Signer;
  /** Announced to peers; the first is the one of `evidence`. DER SubjectPublicKeyInfo. */
  readonly evidenceKeys: readonly Uint8Array[];
}

/** Runs work in a transaction; the platform's `Database` is one. */
export interface Transactions {
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** Locks over all processes of a node. */
export interface Locks {
  /** @throws DomainError CANCELLED when the signal aborts before it is free */
  hold<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Undefined: somebody else holds it, and nothing was done. */
  tryHold<T>(name: string, work: () => Promise<T>): Promise<T | undefined>;
}

export interface LogHead {
  readonly checkpoint: Uint8Array;
  readonly size: number;
  readonly rootHash: Hash;
}

/** How far the log was ever signed, kept beside the key and not in the database: a restored database is noticed by it. */
export interface SignedHead {
  read(): Promise<{ readonly size: number; readonly rootHash: Hash } | undefined>;
  /** Durable when it resolves; never goes back. */
  record(head: { readonly size: number; readonly rootHash: Hash }): Promise<void>;
}

/** Tiles, entry bundles and checkpoints of the own log; what a tree needs is written in one transaction with its head. */
export interface TileStore {
  /** Keeps every other writer of the log out until the transaction ends. */
  lock(tx: Tx): Promise<void>;
  head(sql?: Sql): Promise<LogHead | undefined>;
  reader(sql?: Sql): TileReader;
  /** @throws DomainError `TLOG_STATE_MISMATCH` when the head is not the expected one any more */
  advance(tx: Tx, expected: LogHead | undefined, plan: AppendPlan, at: Date): Promise<void>;
  /** A signed checkpoint by its size, with its cosignature lines. */
  checkpoint(size: number): Promise<CosignedCheckpoint | undefined>;
  /** The newest checkpoint that has this index and that a peer cosigned; the latest one where there is none. */
  bestCheckpoint(index: number): Promise<(CosignedCheckpoint & { readonly size: number }) | undefined>;
  addCosignature(cosignature: Cosignature): Promise<void>;
}

export interface CosignedCheckpoint {
  readonly note: Uint8Array;
  /** Signature lines of the cosigners. */
  readonly lines: readonly string[];
}

export interface Cosignature {
  readonly size: number;
  readonly keyFingerprint: string;
  readonly organisation: string;
  readonly sameOperator: boolean;
  readonly line: string;
  readonly at: Date;
}

export type NewEntry = Omit<LoggableEvidence, 'envelope'> & { readonly tenant: string };

export interface LoggedEntry {
  readonly tenant: string;
  readonly origin: string;
  readonly index: number;
  readonly payloadDigest: string;
  readonly envelopeSha256: string;
  readonly predicateType: string;
  readonly record: Uint8Array;
  readonly logTime: Date;
}

export interface EntryRepository {
  /** Those of these that are logged, by `tenant` and digest. */
  findMany(keys: readonly { readonly tenant: string; readonly payloadDigest: string }[], sql?: Sql): Promise<LoggedEntry[]>;
  find(tenant: string, key: { readonly payloadDigest: string } | { readonly index: number }, sql?: Sql): Promise<LoggedEntry | undefined>;
  insert(tx: Tx, entries: readonly (NewEntry & { readonly index: number })[], logTime: Date): Promise<void>;
  /** @returns the digest of the earlier request of this id, or undefined: now it is this one's */
  claimRequest(tenant: string, requestId: string, evidence: { readonly payloadDigest: string; readonly envelopeSha256: string }): Promise<string | undefined>;
}

/** A peer's entry as it is stored here: verified to be in the tree of `treeSize`. */
export interface ForeignEntry {
  readonly peeringId: string;
  readonly tenant: string;
  readonly origin: string;
  readonly index: number;
  readonly record: Uint8Array;
  /** Absent where the entry is no digest record. */
  readonly payloadDigest: string | undefined;
  readonly predicateType: string;
  readonly subjects: readonly string[];
  readonly treeSize: number;
  readonly inclusion: readonly Hash[];
  readonly verifyTime: Date;
  readonly payloadState: 'wanted' | 'stored' | 'erased' | 'invalid' | 'none';
  readonly envelopeSha256: string | undefined;
  readonly checkAttempts: number;
}

export interface ForeignRepository {
  insert(tx: Tx, entries: readonly ForeignEntry[]): Promise<void>;
  saveCheckpoint(tx: Sql, peeringId: string, size: number, note: Uint8Array): Promise<void>;
  checkpoint(peeringId: string, size: number): Promise<Uint8Array | undefined>;
  find(tenant: string, origin: string, index: number): Promise<ForeignEntry | undefined>;
  withPayload(tenant: string, payloadDigest: string): Promise<ForeignEntry | undefined>;
  wanted(peeringId: string, countMax: number): Promise<ForeignEntry[]>;
  payloadArrived(entry: ForeignEntry, payload: { readonly state: 'stored' | 'erased' | 'invalid'; readonly envelopeSha256?: string; readonly signer?: string }, isToCheck: boolean): Promise<void>;
  due(peeringId: string, now: Date, countMax: number): Promise<ForeignEntry[]>;
  checked(sql: Sql, entry: ForeignEntry): Promise<void>;
  checkLater(entry: ForeignEntry, at: Date): Promise<void>;
}

/** Where a subject occurs: own entries and foreign ones, ordered by origin and index. */
export interface SubjectIndex {
  occurrences(tenant: string, subject: string, after: EntryPosition | undefined, countMax: number): Promise<EntryPosition[]>;
}

export interface EntryPosition {
  readonly origin: string;
  readonly index: number;
}

export interface KeptVerification extends AttributedVerification {
  readonly tenant: string;
  readonly predicateType: string;
  readonly envelopeSha256: string;
  readonly origin: string;
  readonly index: number;
}

export interface VerificationRepository {
  /** The latest word of a key wins. Says whether something was learned. */
  save(tx: Tx, verification: KeptVerification, at: Date): Promise<boolean>;
  of(tenant: string, payloadDigests: readonly string[]): Promise<KeptVerification[]>;
  /** Own entries of a kind by what peers said last; `silent`: nobody said anything since the time. */
  tally(predicateType: string, ownKey: string, silentSince: Date): Promise<{ readonly agrees: number; readonly disagrees: number; readonly cannot: number; readonly silent: number }>;
}

export interface PeeringRequest {
  readonly tenant: string;
  readonly requestId: string;
  readonly requestSha256: string;
}

export interface PeeringRepository {
  /** @throws DomainError `PEERING_EXISTS`, `REQUEST_ID_REUSED` */
  create(id: string, request: PeeringRequest, terms: PeerTerms): Promise<Peering>;
  find(tenant: string, id: string): Promise<Peering | undefined>;
  /** Of whatever tenant: what other nodes send names a log, and proves itself by its keys. */
  byOrigin(origin: string, sql?: Sql): Promise<Peering | undefined>;
  /** The row's lock until the transaction ends. */
  lock(tx: Tx, id: string): Promise<Peering | undefined>;
  page(tenant: string, after: string | undefined, countMax: number): Promise<Peering[]>;
  active(): Promise<Peering[]>;
  accept(tx: Tx, id: string, seenCheckpoint: Uint8Array): Promise<void>;
  advance(tx: Tx, id: string, from: number, to: number): Promise<boolean>;
  pulled(id: string, at: Date): Promise<void>;
  freeze(tx: Tx, peering: Peering, evidence: MisbehaviourEvidence, at: Date): Promise<void>;
}

export interface MisbehaviourEvidence {
  readonly reason: 'LOG_EQUIVOCATES' | 'TLOG_ROLLED_BACK' | 'TLOG_TILE_INVALID' | 'TLOG_PROOF_INVALID';
  /** Anyone can check it with the log's key alone. */
  readonly provable: boolean;
  readonly first: Uint8Array | undefined;
  readonly second: Uint8Array;
  readonly fork?: Misbehaviour['fork'];
  readonly facts: Readonly<Record<string, string>>;
}

/** Another node over HTTP. Answers are not verified here. @throws from every method: DomainError `PEER_UNREACHABLE` */
export interface PeerConnection {
  checkpoint(): Promise<Uint8Array>;
  /** Remembers what it read; a new one reads past caches. */
  tiles(): TileReader;
  /** Undefined: it does not serve this payload, or not any more. */
  payload(payloadDigest: string): Promise<Uint8Array | undefined>;
  submitCosignature(note: Uint8Array): Promise<void>;
}

export interface PeerConnections {
  to(peering: Peering, signal: AbortSignal): PeerConnection;
}

export interface DeltaCheck {
  readonly result: CheckResult;
  /** An error reason, unless the result is `agrees`. */
  readonly reason?: string;
  /** It may come out otherwise later: `soon` where a part did not answer, `later` where something is not here yet. */
  readonly again?: 'soon' | 'later';
}

/** The own node's check of a delta proof: lifts both artifacts again. */
export interface DeltaVerifier {
  verify(tenant: string, envelope: Uint8Array, signal: AbortSignal): Promise<DeltaCheck>;
}

export interface PullReport {
  readonly verifiedSize: number;
  readonly entriesNew: number;
  readonly agrees: number;
  readonly disagrees: number;
  readonly cannot: number;
  readonly cosigned: boolean;
}

/** One helper a fact. */
export interface FederationFacts {
  entryLogged(tx: Tx, entry: NewEntry & { readonly index: number }): Promise<void>;
  entryCrossVerified(tx: Tx, verification: KeptVerification, loggedAt: Date, now: Date): Promise<void>;
  signed(size: number, entries: number, seconds: number): void;
  signingStopped(error: Error): void;
  headAdopted(size: number): void;
  cosignatureTaken(cosignature: Cosignature): void;
  checkpointCosigned(origin: string, size: number): void;
  checked(result: CheckResult, predicateType: string, again: DeltaCheck['again']): void;
  payloadRefused(entry: ForeignEntry, problem: string): void;
  pulled(peering: Peering, report: PullReport): void;
  pullFailed(peering: Peering, error: unknown): void;
  frozen(peering: Peering, evidence: MisbehaviourEvidence): void;
  tallied(ratio: number | undefined): void;
  queried(seconds: number): void;
}
