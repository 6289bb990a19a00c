import type { BlobInfo, PutOptions } from './blob-store.js';

/** A place where whoever has `url` may PUT bytes until it expires. */
export interface OpenUpload {
  /** Names the upload for `takeUpload`; it is not the blob's name. */
  readonly id: string;
  readonly url: string;
  readonly expiresAt: Date;
}

/**
 * Expiring addresses for those who have no credentials of the store: a sandbox that fetches its inputs, a client that
 * sends a large file. What is sent lies aside until it is taken, so that a link can neither make nor change a blob.
 */
export interface BlobLinks {
  /** GET it until it expires; the reader holds the bytes against the digest. @throws DomainError BLOB_NOT_FOUND */
  readUrl(sha256: string, ttlMs: number): Promise<string>;
  openUpload(ttlMs: number): Promise<OpenUpload>;
  /**
   * Makes a blob of what was sent, verified here; the upload is gone afterwards, also when it is refused.
   * @throws DomainError BLOB_UPLOAD_MISSING, BLOB_DIGEST_MISMATCH, BLOB_TOO_LARGE
   */
  takeUpload(id: string, options?: PutOptions): Promise<BlobInfo>;
}
