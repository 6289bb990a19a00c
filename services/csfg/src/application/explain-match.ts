import { DomainError } from '@stella/errors';
import { type Explanation, explain } from '@stella/stack-fingerprint';
import { matchReasons } from '../domain/match-reasons.js';
import { type StackMatch, comparePair, toMatch } from '../domain/stack-match.js';
import type { Stack } from '../domain/stack.js';
import type { StackRepository } from './ports.js';
import type { TenantIndexes } from './tenant-indexes.js';

export interface MatchExplanation {
  readonly match: StackMatch;
  readonly explanation: Explanation;
  readonly reasons: readonly string[];
}

/** Why do two stored stacks match, or not? */
export class ExplainMatch {
  constructor(
    private readonly stacks: StackRepository,
    private readonly indexes: TenantIndexes,
  ) {}

  /** @throws DomainError STACK_NOT_FOUND */
  async execute(tenant: string, stackId: string, otherId: string): Promise<MatchExplanation> {
    const stack = await this.#find(tenant, stackId);
    const other = await this.#find(tenant, otherId);
    const index = await this.indexes.current(tenant);
    const keys = [...new Set([stack, other].flatMap(({ trace }) => trace.frames.flatMap(({ key }) => key ?? [])))];
    const frequencies = await index.documentFrequencies(keys.map((key) => `f:${key}`));
    const documents = new Map(keys.map((key, at) => [key, frequencies[at] ?? 0]));
    const scored = comparePair(stack, other, { corpusSize: await index.size(), documents });
    const explanation = explain(stack.trace, scored);
    return { match: toMatch(scored), explanation, reasons: matchReasons(stack, other, explanation) };
  }

  async #find(tenant: string, id: string): Promise<Stack> {
    const stack = await this.stacks.find({ tenant, id });
    if (!stack) throw new DomainError('STACK_NOT_FOUND', { stack: id });
    return stack;
  }
}
