import { DomainError, isDomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import { foundUpload } from './create-upload.js';
import type { MarketplaceFacts, UploadRepository } from './ports.js';

export interface FileToReceive {
  readonly tenant: string;
  readonly namespaceId: string;
  readonly uploadId: string;
  readonly sha256: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Takes the bytes of a declared file: exactly those, or none. Safe to repeat. */
export class ReceiveFile {
  constructor(
    private readonly uploads: UploadRepository,
    private readonly blobs: BlobStore,
    private readonly facts: MarketplaceFacts,
    private readonly clock: () => Date,
  ) {}

  /**
   * Gives the size in bytes.
   * @throws DomainError UPLOAD_NOT_FOUND, UPLOAD_EXPIRED, UPLOAD_FILE_UNDECLARED, PACK_DIGEST_MISMATCH, BLOB_STORE_FULL
   */
  async execute({ tenant, namespaceId, uploadId, sha256, bytes }: FileToReceive): Promise<number> {
    const upload = await foundUpload(this.uploads, tenant, namespaceId, uploadId);
    const now = this.clock();
    if (upload.expireTime <= now) throw new DomainError('UPLOAD_EXPIRED', { upload: uploadId });
    const declared = upload.files.find((file) => file.sha256 === sha256);
    if (!declared) throw new DomainError('UPLOAD_FILE_UNDECLARED', { sha256 });
    const { sizeBytes } = await this.#store(bytes, sha256, declared.sizeBytes);
    await this.uploads.insertReceived(tenant, sha256, sizeBytes, now);
    this.facts.fileReceived(tenant, sha256, sizeBytes);
    return sizeBytes;
  }

  async #store(bytes: AsyncIterable<Uint8Array>, sha256: string, expectedSizeBytes: number): Promise<{ sizeBytes: number }> {
    try {
      const info = await this.blobs.put(bytes, { expectedSha256: sha256, sizeBytesMax: expectedSizeBytes });
      if (info.sizeBytes === expectedSizeBytes) return info;
      throw new DomainError('PACK_DIGEST_MISMATCH', { sha256, expectedSizeBytes: String(expectedSizeBytes), actualSizeBytes: String(info.sizeBytes) });
    } catch (error) {
      if (isDomainError(error, 'BLOB_TOO_LARGE')) throw new DomainError('PACK_DIGEST_MISMATCH', { sha256, expectedSizeBytes: String(expectedSizeBytes), actual: 'more bytes' }, { cause: error });
      if (isDomainError(error, 'BLOB_DIGEST_MISMATCH')) throw new DomainError('PACK_DIGEST_MISMATCH', error.facts, { cause: error });
      throw error;
    }
  }
}
