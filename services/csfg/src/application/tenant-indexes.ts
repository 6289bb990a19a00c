import { MemoryTraceIndex, NORMALISER_VERSION, type TraceIndexPort } from '@stella/stack-fingerprint';
import { limits } from '../limits.js';
import { incidentOf, type Stack } from '../domain/stack.js';
import type { StackFacts, StackRepository } from './ports.js';

interface TenantIndex {
  readonly index: MemoryTraceIndex;
  revision: bigint;
  /** Two runs at once would put older states over newer ones. */
  running: Promise<void>;
  /** A run that has not begun yet, which everybody who asks until then shares. */
  queued: Promise<void> | undefined;
}

/**
 * The private graphs in memory, one a tenant. An index reads what was committed since it last looked, before every
 * use: it needs no message to be current, also when another process wrote.
 */
export class TenantIndexes {
  readonly #tenants = new Map<string, TenantIndex>();

  constructor(
    private readonly stacks: StackRepository,
    private readonly facts: StackFacts,
  ) {}

  /** Reads every tenant's stacks, so that no first match has to wait for it. */
  async load(): Promise<void> {
    for (const tenant of await this.stacks.tenants()) await this.current(tenant);
  }

  /** The tenant's index with everything that was committed before the call. */
  async current(tenant: string): Promise<TraceIndexPort> {
    const entry = this.#entry(tenant);
    entry.queued ??= entry.running
      .catch(() => undefined)
      .then(() => {
        entry.queued = undefined;
        entry.running = this.#catchUp(tenant, entry);
        return entry.running;
      });
    await entry.queued;
    return entry.index;
  }

  /** How many stacks the tenant had when its index was last looked at. */
  size(tenant: string): Promise<number> {
    return this.#entry(tenant).index.size();
  }

  #entry(tenant: string): TenantIndex {
    const known = this.#tenants.get(tenant);
    if (known) return known;
    const entry: TenantIndex = { index: new MemoryTraceIndex(), revision: 0n, running: Promise.resolve(), queued: undefined };
    this.#tenants.set(tenant, entry);
    return entry;
  }

  async #catchUp(tenant: string, entry: TenantIndex): Promise<void> {
    for (;;) {
      const changed = await this.stacks.changedSince(tenant, entry.revision, limits.batchStacks);
      for (const stack of changed) {
        await put(entry.index, stack);
        entry.revision = stack.revision;
      }
      if (changed.length > 0) this.facts.indexed(await this.#size());
      if (changed.length < limits.batchStacks) return;
    }
  }

  async #size(): Promise<number> {
    let size = 0;
    for (const { index } of this.#tenants.values()) size += await index.size();
    return size;
  }
}

async function put(index: MemoryTraceIndex, stack: Stack): Promise<void> {
  const { id: traceId, trace, fingerprints } = stack;
  const incidentId = incidentOf(stack);
  // Traces of two versions of the rules cannot be compared; a newer process may have written this one.
  if (trace.normaliserVersion !== NORMALISER_VERSION) await index.remove(traceId);
  else await index.put({ traceId, trace, fingerprints, ...(incidentId !== undefined && { incidentId }) });
}
