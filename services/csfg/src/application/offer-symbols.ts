import type { Tx } from '@stella/platform-database';
import { limits } from '../limits.js';
import type { StackFacts, StackKey, StackRepository } from './ports.js';

/** A pack was published: every stack, of any tenant, that lacks names of one of its builds is examined again. */
export class OfferSymbols {
  constructor(
    private readonly stacks: StackRepository,
    private readonly facts: StackFacts,
  ) {}

  async commit(tx: Tx, pack: string, gnuBuildIds: readonly string[]): Promise<void> {
    if (gnuBuildIds.length === 0) return;
    let after: StackKey | undefined;
    do {
      const keys = await this.stacks.lackingNames(gnuBuildIds, after, limits.batchStacks, tx);
      for (const key of keys) await this.facts.symbolsOffered(tx, key, pack);
      after = keys.length === limits.batchStacks ? keys.at(-1) : undefined;
    } while (after);
  }
}
