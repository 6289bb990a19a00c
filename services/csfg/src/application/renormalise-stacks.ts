import { NORMALISER_VERSION } from '@stella/stack-fingerprint';
import { analyse } from '../domain/stack.js';
import { SymbolTable, unnamedLocations } from '../domain/symbol-table.js';
import { limits } from '../limits.js';
import type { StackFacts, StackKey, StackRepository, SymbolRepository, Transactions } from './ports.js';

/** Makes every stack again that another version of the normaliser made, from its source and the symbols known. */
export class RenormaliseStacks {
  constructor(
    private readonly transactions: Transactions,
    private readonly stacks: StackRepository,
    private readonly symbols: SymbolRepository,
    private readonly facts: StackFacts,
  ) {}

  async execute(): Promise<void> {
    for (;;) {
      const keys = await this.stacks.ofOtherVersion(NORMALISER_VERSION, limits.batchStacks);
      for (const key of keys) await this.#renormalise(key);
      if (keys.length < limits.batchStacks) return;
    }
  }

  async #renormalise(key: StackKey): Promise<void> {
    await this.transactions.tx(async (tx) => {
      await this.stacks.lockTenant(tx, key.tenant);
      const source = await this.stacks.sourceOf(key, tx);
      if (!source) return;
      const bare = analyse(source, new SymbolTable());
      const known = await this.symbols.find(key.tenant, unnamedLocations(bare.trace), tx);
      await this.stacks.saveAnalysis(tx, key, analyse(source, known));
    });
    this.facts.renormalised(key);
  }
}
