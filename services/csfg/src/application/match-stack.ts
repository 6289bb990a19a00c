import { DomainError } from '@stella/errors';
import { type AnalysedStack, type Decision, matchTrace } from '@stella/stack-fingerprint';
import { type SentSource, scrubSource } from '../domain/stack-source.js';
import { type StackMatch, toMatch } from '../domain/stack-match.js';
import { analyse } from '../domain/stack.js';
import { SymbolTable, unnamedLocations } from '../domain/symbol-table.js';
import { limits } from '../limits.js';
import type { StackFacts, StackRepository, SymbolRepository } from './ports.js';
import type { TenantIndexes } from './tenant-indexes.js';

export type MatchQuery = { readonly source: SentSource } | { readonly stackId: string };

export interface MatchAnswer {
  /** Best first. */
  readonly matches: readonly StackMatch[];
  readonly verdict: Decision;
  /** The stack as it was compared; its id is absent where it is not a stored one. */
  readonly normalised: AnalysedStack & { readonly id?: string };
  readonly durationUs: bigint;
}

/** Which known stacks, and with them incidents, does a stack belong to? Stores nothing. */
export class MatchStack {
  constructor(
    private readonly stacks: StackRepository,
    private readonly symbols: SymbolRepository,
    private readonly indexes: TenantIndexes,
    private readonly facts: StackFacts,
    private readonly nowNs: () => bigint,
  ) {}

  /** @throws DomainError STACK_NOT_FOUND, STACK_EMPTY, STACK_TOO_LARGE, STACK_MALFORMED */
  async execute(tenant: string, query: MatchQuery, matchesMax: number): Promise<MatchAnswer> {
    const startNs = this.nowNs();
    const normalised = 'stackId' in query ? await this.#stored(tenant, query.stackId) : await this.#sent(tenant, query.source);
    const index = await this.indexes.current(tenant);
    const { candidates } = await matchTrace(normalised, index);
    // A stored stack is the same as itself, which tells nothing.
    const matches = candidates.map(toMatch).filter((match) => match.stackId !== normalised.id);
    const verdict = matches[0]?.verdict ?? 'new';
    const durationUs = (this.nowNs() - startNs) / 1000n;
    this.facts.answered(verdict, Number(durationUs) / 1e6);
    return { matches: matches.slice(0, matchesMax || limits.matchesDefault), verdict, normalised, durationUs };
  }

  async #stored(tenant: string, id: string): Promise<MatchAnswer['normalised']> {
    const stack = await this.stacks.find({ tenant, id });
    if (!stack) throw new DomainError('STACK_NOT_FOUND', { stack: id });
    return stack;
  }

  async #sent(tenant: string, sent: SentSource): Promise<MatchAnswer['normalised']> {
    const source = scrubSource(sent, limits.sourceBytesMax);
    const bare = analyse(source, new SymbolTable());
    const locations = unnamedLocations(bare.trace);
    if (locations.length === 0) return bare;
    const known = await this.symbols.find(tenant, locations);
    return known.size === 0 ? bare : analyse(source, known);
  }
}
