import { DomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import { type SentSource, type StackSource, scrubSource, stackIdOf } from '../domain/stack-source.js';
import { analyse, type Stack } from '../domain/stack.js';
import { SymbolTable, unnamedLocations } from '../domain/symbol-table.js';
import { limits } from '../limits.js';
import type { NewStack, StackFacts, StackKey, StackRepository, SymbolRepository } from './ports.js';
import type { TenantIndexes } from './tenant-indexes.js';

export interface PreparedStack extends StackKey {
  readonly source: StackSource;
  readonly symbols: SymbolTable;
}

/** A stack as its sender gets it. */
export type StackAnswer = Omit<Stack, 'revision'>;

/** Stores a stack once, whoever sends it: what every way of ingesting shares. */
export class StoreStack {
  constructor(
    private readonly stacks: StackRepository,
    private readonly symbols: SymbolRepository,
    private readonly indexes: TenantIndexes,
    private readonly facts: StackFacts,
    private readonly clock: () => Date,
  ) {}

  /**
   * What needs no transaction.
   * @throws DomainError STACK_EMPTY, STACK_TOO_LARGE, STACK_MALFORMED, STACK_QUOTA_SPENT
   */
  async prepare(tenant: string, sent: SentSource): Promise<PreparedStack> {
    const source = scrubSource(sent, limits.sourceBytesMax);
    const locations = unnamedLocations(analyse(source, new SymbolTable()).trace);
    const symbols = await this.symbols.find(tenant, locations);
    const stored = await this.indexes.size(tenant);
    if (stored >= limits.stacksPerTenantMax) throw new DomainError('STACK_QUOTA_SPENT', { stacksMax: String(limits.stacksPerTenantMax) });
    return { tenant, id: stackIdOf(tenant, source), source, symbols };
  }

  /** The caller holds the tenant's lock. @throws DomainError STACK_INCIDENT_CONFLICT */
  async commit(tx: Tx, prepared: PreparedStack, incident: string | undefined): Promise<StackAnswer> {
    const known = await this.stacks.find(prepared, tx);
    if (!known) return this.#insert(tx, prepared, incident);
    if (incident === undefined || known.incident === incident) return known;
    if (known.incident !== undefined) throw new DomainError('STACK_INCIDENT_CONFLICT', { stack: known.id, incident: known.incident });
    await this.stacks.setIncident(tx, known, incident);
    await this.facts.incidentTold(tx, known, incident);
    return { ...known, incident };
  }

  async #insert(tx: Tx, { tenant, id, source, symbols }: PreparedStack, incident: string | undefined): Promise<StackAnswer> {
    const stack: NewStack = { ...analyse(source, symbols), tenant, id, source, incident, createTime: this.clock() };
    await this.stacks.insert(tx, stack);
    await this.facts.ingested(tx, stack);
    return { ...stack, matchedIncident: undefined };
  }
}
