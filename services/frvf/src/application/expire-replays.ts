import type { ReplayPurpose } from '../domain/replay.js';
import { limits } from '../limits.js';
import type { ReplayCompletion } from './answer-replay.js';
import type { ReplayFacts, ReplayRepository, Transactions } from './ports.js';

/** Ends replays that nobody answered in time. */
export class ExpireReplays {
  constructor(
    private readonly transactions: Transactions,
    private readonly replays: ReplayRepository,
    private readonly completions: Readonly<Record<ReplayPurpose, ReplayCompletion<unknown>>>,
    private readonly facts: ReplayFacts,
    private readonly clock: () => Date,
  ) {}

  /** @returns how many */
  async execute(): Promise<number> {
    let count = 0;
    for (const replay of await this.replays.overdue(this.clock(), limits.expiryBatch)) {
      const failure = { reason: 'REPLAY_NOT_ANSWERED', detail: `no answer until ${replay.deadline.toISOString()}` };
      await this.transactions.tx(async (tx) => {
        if (!(await this.replays.end(tx, replay, 'expired'))) return;
        await this.completions[replay.purpose].fail(tx, replay, failure);
        this.facts.expired(tx, replay);
        tx.afterCommit(() => (count += 1));
      });
    }
    return count;
  }
}
