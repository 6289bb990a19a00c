import { DomainError } from '@stella/errors';
import { checkDeclared, type DeclaredFile, type Upload } from '../domain/upload.js';
import { limits } from '../limits.js';
import { ownNamespace } from './namespaces.js';
import type { Once, RequestKey } from './once.js';
import type { MarketplaceFacts, NamespaceRepository, UploadRepository } from './ports.js';

export interface OpenedUpload {
  readonly upload: Upload;
  /** Digests whose bytes the tenant has yet to send. */
  readonly missing: readonly string[];
}

/** Opens an upload of declared files. */
export class CreateUpload {
  constructor(
    private readonly once: Once,
    private readonly namespaces: NamespaceRepository,
    private readonly uploads: UploadRepository,
    private readonly facts: MarketplaceFacts,
    private readonly clock: () => Date,
    private readonly ids: () => string,
    private readonly lifetimeMs: number = limits.uploadLifetimeMs,
  ) {}

  /** @throws DomainError PACK_PATH_INVALID, PACK_TOO_LARGE, PACK_DIGEST_MISMATCH, UPLOAD_QUOTA_SPENT, and as `ownNamespace` and `Once` */
  async execute(key: RequestKey, namespaceId: string, files: readonly DeclaredFile[]): Promise<OpenedUpload> {
    const sizeBytes = checkDeclared(files, limits);
    const { tenant } = key;
    const id = await this.once.execute(key, ['create-upload', namespaceId, JSON.stringify(files.map(({ path, sha256, sizeBytes: size }) => [path, sha256, size]))], async (tx) => {
      await ownNamespace(this.namespaces, tenant, namespaceId, tx);
      const createTime = this.clock();
      const usage = await this.uploads.usage(tenant, createTime, tx);
      if (usage.openUploads >= limits.openUploadsPerTenantMax) {
        throw new DomainError('UPLOAD_QUOTA_SPENT', { openUploadsMax: String(limits.openUploadsPerTenantMax) });
      }
      if (usage.receivedBytes + sizeBytes > limits.uploadedBytesPerTenantMax) {
        throw new DomainError('UPLOAD_QUOTA_SPENT', { receivedBytes: String(usage.receivedBytes), bytesMax: String(limits.uploadedBytesPerTenantMax) });
      }
      const expireTime = new Date(createTime.getTime() + this.lifetimeMs);
      const upload: Upload = { id: this.ids(), namespaceId, tenant, files, createTime, expireTime, packId: undefined };
      await this.uploads.insert(tx, upload, sizeBytes);
      this.facts.uploadOpened(tx, upload, sizeBytes);
      return upload.id;
    });
    const upload = await foundUpload(this.uploads, tenant, namespaceId, id);
    return { upload, missing: await missingDigests(this.uploads, upload) };
  }
}

/** @throws DomainError UPLOAD_NOT_FOUND, also for another tenant's */
export async function foundUpload(uploads: UploadRepository, tenant: string, namespaceId: string, id: string): Promise<Upload> {
  const upload = await uploads.find(tenant, id);
  if (!upload || upload.namespaceId !== namespaceId) throw new DomainError('UPLOAD_NOT_FOUND', { upload: id });
  return upload;
}

export async function missingDigests(uploads: UploadRepository, { tenant, files }: Upload): Promise<readonly string[]> {
  const received = await uploads.received(tenant, files);
  return [...new Set(files.map(({ sha256 }) => sha256))].filter((sha256) => !received.has(sha256));
}
