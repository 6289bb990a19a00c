import { DomainError, isDomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { Artifact } from '../domain/artifact.js';
import type { ArtifactRepository, PsdiFacts } from './ports.js';
import { requireSize } from './require-size.js';

export interface Upload {
  readonly tenant: string;
  /** What the sender says the bytes are. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly label: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Registers an artifact for a tenant. The bytes are read to their end even where the store has them: only who has an
 * artifact gets to know anything about it.
 */
export class UploadArtifact {
  constructor(
    private readonly blobs: BlobStore,
    private readonly artifacts: ArtifactRepository,
    private readonly facts: PsdiFacts,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError ARTIFACT_TOO_LARGE before a byte is read, ARTIFACT_DIGEST_MISMATCH, BLOB_STORE_FULL, or what the bytes' source throws */
  async execute({ tenant, sha256, sizeBytes, label, bytes }: Upload): Promise<Artifact> {
    requireSize({ sha256, sizeBytes });
    await this.#store(sha256, sizeBytes, bytes);
    const artifact = await this.artifacts.add({ tenant, sha256, sizeBytes, label, createTime: this.clock() });
    this.facts.uploaded(artifact);
    return artifact;
  }

  async #store(sha256: string, sizeBytes: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      const stored = await this.blobs.put(bytes, { expectedSha256: sha256, sizeBytesMax: sizeBytes });
      if (stored.sizeBytes === sizeBytes) return;
      throw new DomainError('ARTIFACT_DIGEST_MISMATCH', { expectedBytes: String(sizeBytes), actualBytes: String(stored.sizeBytes) });
    } catch (error) {
      if (isDomainError(error, 'BLOB_DIGEST_MISMATCH')) throw new DomainError('ARTIFACT_DIGEST_MISMATCH', error.facts, { cause: error });
      if (isDomainError(error, 'BLOB_TOO_LARGE')) {
        throw new DomainError('ARTIFACT_DIGEST_MISMATCH', { expectedBytes: String(sizeBytes), actualBytes: `more than ${sizeBytes}` }, { cause: error });
      }
      throw error;
    }
  }
}
