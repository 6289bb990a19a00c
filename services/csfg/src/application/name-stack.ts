import type { Tx } from '@stella/platform-database';
import { type Stack, analyse, unnamedFrames } from '../domain/stack.js';
import { SymbolTable, unnamedLocations } from '../domain/symbol-table.js';
import type { StackFacts, StackKey, StackRepository, SymbolRepository, SymbolSource } from './ports.js';

/** Asks for the names that a stored stack lacks, and makes the stack again with them. */
export class NameStack {
  constructor(
    private readonly stacks: StackRepository,
    private readonly symbols: SymbolRepository,
    private readonly source: SymbolSource,
    private readonly facts: StackFacts,
  ) {}

  /**
   * Asks outside of any transaction. The stack is stored already, so that a pack which is published from now on has an
   * event of its own for it.
   */
  async prepare(key: StackKey, signal: AbortSignal): Promise<SymbolTable> {
    const stack = await this.stacks.find(key);
    const locations = stack ? unnamedLocations(stack.trace) : [];
    return locations.length === 0 ? new SymbolTable() : this.source.lookUp(locations, signal);
  }

  /** @param pack the pack that made somebody look, or empty. @returns whether anything was learnt */
  async commit(tx: Tx, key: StackKey, found: SymbolTable, pack: string): Promise<boolean> {
    if (found.size === 0) return false;
    await this.stacks.lockTenant(tx, key.tenant);
    const stored = await this.stacks.find(key, tx);
    return stored ? this.#learn(tx, stored, found, pack) : false;
  }

  async #learn(tx: Tx, stored: Stack, found: SymbolTable, pack: string): Promise<boolean> {
    const source = await this.stacks.sourceOf(stored, tx);
    if (!source) return false;
    const bare = analyse(source, new SymbolTable());
    const known = await this.symbols.find(stored.tenant, unnamedLocations(bare.trace), tx);
    const analysis = analyse(source, known.with(found));
    if (unnamedFrames(analysis) >= unnamedFrames(stored)) return false;
    await this.symbols.save(tx, stored.tenant, found);
    await this.stacks.saveAnalysis(tx, stored, analysis);
    await this.facts.named(tx, stored, pack);
    return true;
  }
}
