import type { Sql, Tx } from '@stella/platform-database';
import type { Audience, BinaryReading, Pack, PackState } from '../domain/pack.js';
import type { BuildClaim, BuildId } from '../domain/build-claim.js';
import type { BuildFile } from '../domain/build-index.js';
import type { ElfSection } from '../domain/elf-sections.js';
import type { Finding } from '../domain/finding.js';
import type { Namespace, PublisherKey } from '../domain/namespace.js';
import type { DeclaredFile, Upload } from '../domain/upload.js';

/** Runs work in a transaction; the platform's `Database` is one. */
export interface Transactions {
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export interface NamespaceRepository {
  find(id: string, tx?: Sql): Promise<Namespace | undefined>;
  countOf(tenant: string, tx: Sql): Promise<number>;
  /** Says whether the name was free. */
  insert(tx: Tx, namespace: Namespace): Promise<boolean>;
}

export interface KeyRepository {
  find(namespaceId: string, fingerprint: string, tx?: Sql): Promise<PublisherKey | undefined>;
  /** As `find`; it does not change until the transaction ends. */
  lock(tx: Tx, namespaceId: string, fingerprint: string): Promise<PublisherKey | undefined>;
  list(namespaceId: string, tx?: Sql): Promise<readonly PublisherKey[]>;
  insert(tx: Tx, tenant: string, key: PublisherKey): Promise<void>;
  revoke(tx: Tx, namespaceId: string, fingerprint: string, at: Date, reason: string): Promise<void>;
}

export interface UploadRepository {
  find(tenant: string, id: string, tx?: Sql): Promise<Upload | undefined>;
  insert(tx: Tx, upload: Upload, sizeBytes: number): Promise<void>;
  setPack(tx: Tx, id: string, packId: string): Promise<void>;
  /** What a tenant has under way and has sent so far. */
  /** Those that ended before without a pack, at most `rowsMax`; how many that were. Locked ones are left alone. */
  forgetUnfinished(expiredBefore: Date, rowsMax: number): Promise<number>;
  usage(tenant: string, at: Date, tx: Sql): Promise<{ readonly openUploads: number; readonly receivedBytes: number }>;
  /** Which of the files the tenant itself has sent before, by digest. */
  received(tenant: string, files: readonly DeclaredFile[], tx?: Sql): Promise<ReadonlySet<string>>;
  insertReceived(tenant: string, sha256: string, sizeBytes: number, at: Date): Promise<void>;
}

export interface PackPosition {
  readonly createTime: Date;
  readonly id: string;
}

/** Packs that a tenant sees, newest first. */
export interface PackSearch {
  readonly tenant: string;
  readonly words: readonly string[];
  readonly buildId: string | undefined;
  readonly after: PackPosition | undefined;
  readonly countMax: number;
}

export interface PackRepository {
  find(id: string, tx?: Sql): Promise<Pack | undefined>;
  /** As `find`; it does not change until the transaction ends. */
  lock(tx: Tx, id: string): Promise<Pack | undefined>;
  /** The version that holds the name, else the newest try of it. */
  findByName(name: string, tx?: Sql): Promise<Pack | undefined>;
  /** A version of this name and content that was not rejected. */
  findByContent(name: string, payloadDigest: string, tx?: Sql): Promise<Pack | undefined>;
  findLive(name: string, tx?: Sql): Promise<Pack | undefined>;
  search(query: PackSearch): Promise<readonly Pack[]>;
  /** Says whether it is new; else there is one of this name and content. */
  insert(tx: Tx, pack: Pack): Promise<boolean>;
  /** State, findings, files and time of publication. */
  save(tx: Tx, pack: Pack): Promise<void>;
  /** Holds back every other publication until the transaction ends. */
  lockPublishing(tx: Tx): Promise<void>;
  /** All claims, of any role, of the ids. */
  claims(tx: Tx, audience: Audience, ids: readonly BuildId[]): Promise<readonly BuildClaim[]>;
  insertClaims(tx: Tx, audience: Audience, packId: string, claims: readonly BuildClaim[]): Promise<void>;
  /** Of packs that were published after a publication, in the order of publications. */
  publishedBuildFiles(after: bigint): AsyncIterable<{ readonly publication: bigint; readonly audience: Audience; readonly file: BuildFile }>;
  countByState(): Promise<ReadonlyMap<PackState, number>>;
  /** A file with this path in a pack that has a file of this public build. */
  publicSource(gnuBuildId: string, path: string): Promise<{ readonly sha256: string; readonly sizeBytes: number } | undefined>;
}

/** Gives a request that is sent again the answer that it got, see `Once`. */
export interface RequestRepository {
  /** What one tenant creates is created one after the other, so that quotas hold and no request runs beside itself. */
  lockTenant(tx: Tx, tenant: string): Promise<void>;
  find(tx: Tx, tenant: string, requestId: string): Promise<{ readonly requestSha256: string; readonly answer: string } | undefined>;
  insert(tx: Tx, tenant: string, requestId: string, entry: { requestSha256: string; answer: string; createTime: Date }): Promise<void>;
}

/** Reads binaries that nobody vouches for, each in a process of its own. */
export interface BinaryReader {
  /** @throws DomainError PACK_FORMAT_INVALID for what the file is; anything else says that it could not be read */
  read(sha256: string, sizeBytes: number, signal?: AbortSignal): Promise<BinaryReading>;
  /** The sections of a stored file. */
  sections(sha256: string, sizeBytes: number): Promise<readonly ElfSection[]>;
  bytesOf(sha256: string, section: ElfSection): AsyncIterable<Uint8Array>;
}

/** A name for an address; members that nothing in the file tells are left out. */
export interface SymbolPlace {
  readonly functionName: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

export interface Symbolizer {
  /** One answer an address, in their order; none where the file has no name for it. At most 1,000. */
  symbolize(sha256: string, addresses: readonly bigint[], signal?: AbortSignal): Promise<readonly (SymbolPlace | undefined)[]>;
}

/** Decides whether a pack that passed every check needs a person's eyes. */
export interface ApprovalPolicy {
  /** Says no too when the rules could not be evaluated. */
  mayPublish(pack: Pick<Pack, 'tenant' | 'namespaceId' | 'visibility' | 'kind'>, findings: readonly Finding[]): boolean;
}

/** One helper a fact: each counts it, logs it and, where others care, adds it to the outbox. */
export interface MarketplaceFacts {
  namespaceCreated(tx: Tx, namespace: Namespace): void;
  keyRegistered(tx: Tx, tenant: string, key: PublisherKey): void;
  keyRevoked(tx: Tx, tenant: string, key: PublisherKey, reason: string): void;
  uploadOpened(tx: Tx, upload: Upload, sizeBytes: number): void;
  fileReceived(tenant: string, sha256: string, sizeBytes: number): void;
  uploadRefused(tenant: string, upload: string, reason: string): void;
  /** After validation; appends `pack-published` where it was. */
  packDecided(tx: Tx, pack: Pack): Promise<void>;
  lookedUp(protocol: 'debuginfod' | 'grpc' | 'symbolize', isHit: boolean, durationSeconds: number): void;
  /** A published file whose bytes are gone or are not what they were. */
  readFailed(sha256: string, error: unknown): void;
  symbolizationFailed(sha256: string, error: unknown): void;
  packsByState(counts: ReadonlyMap<PackState, number>): void;
  indexed(buildIds: number): void;
}
