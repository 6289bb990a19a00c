import { matchTrace } from '@stella/stack-fingerprint';
import type { Tx } from '@stella/platform-database';
import { type StackMatch, toMatch, toPpm } from '../domain/stack-match.js';
import type { StackFacts, StackIncidents, StackKey, StackRepository } from './ports.js';
import type { TenantIndexes } from './tenant-indexes.js';

const CERTAIN_PPM = toPpm(1);

interface KnownStack extends StackKey, StackIncidents {
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
   * The stacks that are the same and whose incident, or the stack's own, this may settle. Matching needs a connection of
   * its own, for which a transaction that holds the tenant's lock must not wait; a stack that is stored meanwhile is
   * examined after this one, and finds it.
   */
  async prepare(key: StackKey): Promise<readonly StackMatch[]> {
    const stack = await this.stacks.find(key);
    if (!stack) return [];
    const { candidates } = await matchTrace(stack, await this.indexes.current(key.tenant));
    const isTold = stack.incident !== undefined;
    return candidates
      .filter(({ decision, traceId, incidentId }) => decision === 'same' && traceId !== key.id && isTold !== (incidentId !== undefined))
      .map(toMatch);
  }

  /** @param named the stack got names just now; from which pack, if one was published */
  async commit(tx: Tx, key: StackKey, matches: readonly StackMatch[], named?: { readonly pack: string }): Promise<void> {
    if (matches.length === 0 && !named) return;
    const { tenant, id } = key;
    await this.stacks.lockTenant(tx, tenant);
    const known = await this.stacks.incidentsOf(tx, tenant, [id, ...matches.map(({ stackId }) => stackId)]);
    const itself = known.get(id);
    if (!itself) return;
    const others = matches.flatMap(({ stackId, scorePpm }): KnownStack[] => {
      const incidents = known.get(stackId);
      return incidents ? [{ tenant, id: stackId, scorePpm, ...incidents }] : [];
    });
    await this.#attachOthers(tx, itself, others);
    await this.#attachItself(tx, { ...key, ...itself }, others, named);
  }

  async #attachOthers(tx: Tx, { incident }: StackIncidents, others: readonly KnownStack[]): Promise<void> {
    if (incident === undefined) return;
    for (const other of others) {
      if (other.incident !== undefined || other.matchedIncident !== undefined) continue;
      await this.stacks.setMatchedIncident(tx, other, incident);
      await this.facts.matched(tx, other, { incident, scorePpm: other.scorePpm, resymbolisedBy: '' });
    }
  }

  async #attachItself(tx: Tx, stack: StackKey & StackIncidents, others: readonly KnownStack[], named?: { readonly pack: string }): Promise<void> {
    const best = others.find((other) => other.incident !== undefined);
    const incident = stack.incident ?? best?.incident;
    const isNew = stack.incident === undefined && incident !== undefined && incident !== stack.matchedIncident;
    if (isNew) await this.stacks.setMatchedIncident(tx, stack, incident);
    if (!isNew && !named) return;
    const scorePpm = stack.incident !== undefined ? CERTAIN_PPM : (best?.scorePpm ?? 0);
    await this.facts.matched(tx, stack, { incident: incident ?? '', scorePpm, resymbolisedBy: named?.pack ?? '' });
  }
}
