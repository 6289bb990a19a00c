/** A blob that the store holds. */
export interface BlobInfo {
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface PutOptions {
  /** What the sender says it is; other bytes are refused and leave nothing. */
  readonly expectedSha256?: string;
  /** Default: `BLOB_SIZE_BYTES_MAX`. */
  readonly sizeBytesMax?: number;
}

export type BlobSource = Uint8Array | AsyncIterable<Uint8Array>;

/**
 * Bytes by their SHA-256. What `put` has answered for is durable; a blob is visible whole or not at all; putting the
 * same bytes again is the same blob. Everything that is read is verified: a reader that came to the end without an
 * error has read the bytes of that digest.
 */
export interface BlobStore {
  /** @throws DomainError BLOB_DIGEST_MISMATCH, BLOB_TOO_LARGE, BLOB_STORE_FULL, or what the source threw; nothing is then stored */
  put(source: BlobSource, options?: PutOptions): Promise<BlobInfo>;
  /** @throws DomainError BLOB_NOT_FOUND at the first read, BLOB_DIGEST_MISMATCH at the end */
  read(sha256: string): AsyncIterable<Uint8Array>;
  /** The whole blob. @throws DomainError BLOB_NOT_FOUND, BLOB_DIGEST_MISMATCH, BLOB_TOO_LARGE */
  bytes(sha256: string, sizeBytesMax?: number): Promise<Buffer>;
  stat(sha256: string): Promise<BlobInfo | undefined>;
  /** A file with the verified bytes, for a local tool; read-only, and the store's own. @throws as `read` */
  localPath(sha256: string): Promise<string>;
  /** Says whether there was one. */
  delete(sha256: string): Promise<boolean>;
}

/** What a store holds, for who copies all of it. */
export interface BlobInventory {
  /** The digests of all blobs that are there from the beginning to the end, each once; of others it may miss some. */
  list(): AsyncIterable<string>;
}

/** 4 GiB. */
export const BLOB_SIZE_BYTES_MAX = 4 * 2 ** 30;
/** What `bytes` reads into memory by default: 64 MiB. */
export const BLOB_IN_MEMORY_BYTES_MAX = 64 << 20;

const SHA256 = /^[0-9a-f]{64}$/;

/** Digests become paths: nothing else may pass as one. */
export function isSha256(text: string): boolean {
  return SHA256.test(text);
}
