import type { WithdrawalReason } from '@stella/verdict';
import type { VerdictRecord } from '../domain/verdict-record.js';
import type { WithdrawalRecord } from '../domain/withdrawal-record.js';
import type { GateFacts } from './ports.js';
import type { ReadVerdicts } from './read-verdicts.js';
import type { StandingRepository, Transactions } from './repositories.js';
import type { SayWithdrawal } from './say-withdrawal.js';

export interface RevokeRequest {
  readonly tenant: string;
  readonly id: string;
  readonly reason: WithdrawalReason;
  readonly note: string;
  readonly by: string;
}

export interface RevokedVerdict {
  readonly record: VerdictRecord;
  /** Of the candidate; none for a DENY, which lets nobody through. */
  readonly withdrawal: WithdrawalRecord | undefined;
}

/** Takes a verdict back, and with what let its candidate through the candidate itself; a second time is the same as once. */
export class RevokeVerdict {
  constructor(
    private readonly transactions: Transactions,
    private readonly standing: StandingRepository,
    private readonly read: ReadVerdicts,
    private readonly say: SayWithdrawal,
    private readonly facts: GateFacts,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError VERDICT_NOT_FOUND */
  async execute({ tenant, id, reason, note, by }: RevokeRequest): Promise<RevokedVerdict> {
    const before = await this.read.get(tenant, id);
    if (before.verdict.outcome === 'DENY') {
      await this.#takeBackDenial(before, note, reason);
      return { record: await this.read.get(tenant, id), withdrawal: undefined };
    }
    // One that was withdrawn stays so when its candidate has been reinstated.
    const isDone = before.revokedFor === 'withdrawn';
    const candidate = { tenant, kind: 'candidate', id: before.verdict.candidate.sha256 } as const;
    const withdrawal = isDone ? await this.read.withdrawal(tenant, candidate.id) : await this.say.execute({ ...candidate, standing: 'withdrawn', reason, note, by, verdict: id });
    return { record: await this.read.get(tenant, id), withdrawal };
  }

  #takeBackDenial(record: VerdictRecord, note: string, word: WithdrawalReason): Promise<void> {
    const { tenant, id } = record;
    return this.transactions.tx(async (tx) => {
      await this.standing.lock(tx, tenant);
      const wasInForce = await this.standing.takeBackOne(tx, tenant, id, { word: 'withdrawn', note, at: this.clock(), by: '' });
      if (wasInForce) await this.facts.denialTakenBack(tx, record, note, word);
    });
  }
}
