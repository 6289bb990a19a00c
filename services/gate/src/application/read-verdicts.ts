import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { WithdrawalKind } from '@stella/verdict';
import type { VerdictRecord } from '../domain/verdict-record.js';
import type { WithdrawalRecord } from '../domain/withdrawal-record.js';
import type { Page, PagePlace, VerdictRepository, WithdrawalRepository } from './repositories.js';

export class ReadVerdicts {
  constructor(
    private readonly verdicts: VerdictRepository,
    private readonly withdrawals: WithdrawalRepository,
    private readonly blobs: BlobStore,
  ) {}

  /** @throws DomainError VERDICT_NOT_FOUND */
  async get(tenant: string, id: string): Promise<VerdictRecord> {
    const record = await this.verdicts.get(tenant, id);
    if (!record) throw new DomainError('VERDICT_NOT_FOUND', { verdict: id });
    return record;
  }

  list(tenant: string, candidateSha256: string | undefined, after: PagePlace | undefined, count: number): Promise<Page<VerdictRecord>> {
    return this.verdicts.list(tenant, candidateSha256, after, count);
  }

  /** @throws DomainError VERDICT_NOT_FOUND */
  async bundle(tenant: string, id: string): Promise<AsyncIterable<Uint8Array>> {
    const { bundleSha256 } = await this.get(tenant, id);
    return this.blobs.read(bundleSha256);
  }

  /** What bars a candidate now. */
  async withdrawal(tenant: string, candidateSha256: string): Promise<WithdrawalRecord | undefined> {
    const last = await this.withdrawals.last(tenant, 'candidate', candidateSha256);
    return last?.withdrawal.standing === 'withdrawn' ? last : undefined;
  }

  withdrawn(tenant: string, kind: WithdrawalKind | undefined, after: PagePlace | undefined, count: number): Promise<Page<WithdrawalRecord>> {
    return this.withdrawals.list(tenant, kind, after, count);
  }
}
