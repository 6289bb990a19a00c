import { matchTrace } from '@stella/stack-fingerprint';
import type { Tx } from '@stella/platform-database';
import { type StackMatch, toMatch, toPpm } from '../domain/stack-match.js';
import type { Stack } from '../domain/stack.js';
import type { StackFacts, StackKey, StackRepository } from './ports.js';
import type { TenantIndexes } from './tenant-indexes.js';

const CERTAIN_PPM = toPpm(1);

interface KnownStack {
  readonly stack: Stack;
  readonly scorePpm: number;
}

/**
 * Says of stacks of which nobody said so what incident they are: of the stack itself, and of those that are the same.
 * Only what somebody said is evidence; a stack that was attached attaches no other.
 */
export class AttachStack {
  constructor(
    private readonly stacks: StackRepository,
    private readonly indexes: TenantIndexes,
    private readonly facts: StackFacts,
  ) {}

  /**
   * The stacks that are the same. Matching needs a connection of its own, which a transaction that holds the tenant's
   * lock must not wait for; a stack that is stored meanwhile is examined after this one, and finds it.
   */
  async prepare(key: StackKey): Promise<readonly StackMatch[]> {
    const stack = await this.stacks.find(key);
    if (!stack) return [];
    const { candidates } = await matchTrace(stack, await this.indexes.current(key.tenant));
    return candidates.filter(({ decision, traceId }) => decision === 'same' && traceId !== key.id).map(toMatch);
  }

  /** @param named the stack got names just now; from which pack, if one was published */
  async commit(tx: Tx, key: StackKey, matches: readonly StackMatch[], named?: { readonly pack: string }): Promise<void> {
    await this.stacks.lockTenant(tx, key.tenant);
    const stack = await this.stacks.find(key, tx);
    if (!stack) return;
    const others: KnownStack[] = [];
    for (const { stackId, scorePpm } of matches) {
      const other = await this.stacks.find({ tenant: key.tenant, id: stackId }, tx);
      if (other) others.push({ stack: other, scorePpm });
    }
    await this.#attachOthers(tx, stack, others);
    await this.#attachItself(tx, stack, others, named);
  }

  async #attachOthers(tx: Tx, { incident }: Stack, others: readonly KnownStack[]): Promise<void> {
    if (incident === undefined) return;
    for (const { stack, scorePpm } of others) {
      if (stack.incident !== undefined || stack.matchedIncident !== undefined) continue;
      await this.stacks.setMatchedIncident(tx, stack, incident);
      await this.facts.matched(tx, stack, { incident, scorePpm, resymbolisedBy: '' });
    }
  }

  async #attachItself(tx: Tx, stack: Stack, others: readonly KnownStack[], named?: { readonly pack: string }): Promise<void> {
    const best = others.find((other) => other.stack.incident !== undefined);
    const incident = stack.incident ?? best?.stack.incident;
    const isNew = stack.incident === undefined && incident !== undefined && incident !== stack.matchedIncident;
    if (isNew) await this.stacks.setMatchedIncident(tx, stack, incident);
    if (!isNew && !named) return;
    const scorePpm = stack.incident !== undefined ? CERTAIN_PPM : (best?.scorePpm ?? 0);
    await this.facts.matched(tx, stack, { incident: incident ?? '', scorePpm, resymbolisedBy: named?.pack ?? '' });
  }
}
