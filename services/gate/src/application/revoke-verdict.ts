import type { VerdictRecord } from '../domain/verdict-record.js';
import type { GateFacts, Transactions, VerdictRepository } from './ports.js';
import type { ReadVerdicts } from './read-verdicts.js';

/** Takes a verdict back; a second time is the same as once. */
export class RevokeVerdict {
  constructor(
    private readonly transactions: Transactions,
    private readonly verdicts: VerdictRepository,
    private readonly read: ReadVerdicts,
    private readonly facts: GateFacts,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError VERDICT_NOT_FOUND */
  async execute(tenant: string, id: string, reason: string): Promise<VerdictRecord> {
    const record = await this.read.get(tenant, id);
    await this.transactions.tx(async (tx) => {
      const wasInForce = await this.verdicts.revoke(tx, tenant, id, { word: 'withdrawn', note: reason }, this.clock());
      if (wasInForce) await this.facts.withdrawn(tx, record, reason);
    });
    return this.read.get(tenant, id);
  }
}
