import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { VerdictRecord } from '../domain/verdict-record.js';
import type { PagePlace, VerdictPage, VerdictRepository } from './ports.js';

export class ReadVerdicts {
  constructor(
    private readonly verdicts: VerdictRepository,
    private readonly blobs: BlobStore,
  ) {}

  /** @throws DomainError VERDICT_NOT_FOUND */
  async get(tenant: string, id: string): Promise<VerdictRecord> {
    const record = await this.verdicts.get(tenant, id);
    if (!record) throw new DomainError('VERDICT_NOT_FOUND', { verdict: id });
    return record;
  }

  list(tenant: string, candidateSha256: string | undefined, after: PagePlace | undefined, count: number): Promise<VerdictPage> {
    return this.verdicts.list(tenant, candidateSha256, after, count);
  }

  /** @throws DomainError VERDICT_NOT_FOUND */
  async bundle(tenant: string, id: string): Promise<AsyncIterable<Uint8Array>> {
    const { bundleSha256 } = await this.get(tenant, id);
    return this.blobs.read(bundleSha256);
  }
}
