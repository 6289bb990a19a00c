import type { UnitKind } from '@stella/binary-delta';
import type { Comparer, IndexStore, LiftedSide, PackedIndex, PsdiFacts } from '../application/ports.js';
import type { IndexRecord } from '../domain/index-record.js';
import type { MadeDelta } from '../domain/make-delta.js';
import type { RecheckFault } from '../domain/recheck-delta.js';
import type { ComputingThread } from './computing-thread.js';
import type { Brought, PackedBytes, SideRequest } from './thread/messages.js';

/** Compares in a thread, which keeps the indexes lately used. */
export class ThreadComparer implements Comparer {
  constructor(
    private readonly thread: ComputingThread,
    private readonly store: IndexStore,
    private readonly facts: Pick<PsdiFacts, 'asked'>,
  ) {}

  keep(record: IndexRecord, index: PackedIndex): void {
    const { brought, memory } = given([[sideOf(record).key, index]]);
    // Where it cannot be kept it is loaded when it is asked for.
    this.thread.ask('keep', [brought], memory).catch(() => undefined);
  }

  async compare(baseline: IndexRecord, candidate: IndexRecord): Promise<MadeDelta> {
    const [old, next] = [sideOf(baseline), sideOf(candidate)];
    let answer = await this.thread.ask('compare', [old, next, new Map()]);
    const missing = new Set('missing' in answer ? answer.missing : []);
    for (const { key } of [old, next]) this.facts.asked('parsed', !missing.has(key));
    // What was held a moment ago may have been pushed out by others: then both are brought.
    while ('missing' in answer) {
      for (const key of answer.missing) missing.add(key);
      const { brought, memory } = given(await this.#load([baseline, candidate], missing));
      answer = await this.thread.ask('compare', [old, next, brought], memory);
    }
    return answer.made;
  }

  recheck(envelope: Uint8Array, old: LiftedSide, next: LiftedSide): Promise<RecheckFault | undefined> {
    const sides = [liftedSide(old), liftedSide(next)] as const;
    const { brought, memory } = given(new Map([[sides[0].key, old.index], [sides[1].key, next.index]]));
    return this.thread.ask('recheck', [envelope, ...sides, brought], memory);
  }

  async #load(records: readonly IndexRecord[], keys: ReadonlySet<string>): Promise<Map<string, PackedIndex>> {
    const loaded = new Map<string, PackedIndex>();
    for (const record of records) {
      const { key } = sideOf(record);
      if (keys.has(key) && !loaded.has(key)) loaded.set(key, await this.store.load(record));
    }
    return loaded;
  }
}

/** The lifter belongs to the key: the same leaves may come from two. */
function sideOf({ predicate, setSha256, summary }: IndexRecord): SideRequest {
  const { artifactSha256, lifter, root, sums, sidesSha256 } = predicate;
  return {
    key: `${setSha256} ${sidesSha256} ${lifter.sha256}`,
    ref: { artifactSha256, lifter, root, sums },
    unitsWithSide: unitsWithSide(summary.unitsByKind),
    modulePaths: summary.modulePaths,
  };
}

function liftedSide({ ref, unitsByKind }: LiftedSide): SideRequest {
  return { key: `${ref.artifactSha256} ${ref.root}`, ref, unitsWithSide: unitsWithSide(unitsByKind), modulePaths: [] };
}

function unitsWithSide(counts: Readonly<Record<UnitKind, number>>): number {
  return counts.function + counts.data + counts.residual;
}

/** Indexes in memory that can be given away, and that memory. */
function given(indexes: Iterable<readonly [string, PackedIndex]>): { brought: Brought; memory: ArrayBuffer[] } {
  const memory: ArrayBuffer[] = [];
  const own = (bytes: Uint8Array): Uint8Array => {
    // A small buffer lies in memory that it shares with others.
    const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
    memory.push(whole.buffer as ArrayBuffer);
    return whole;
  };
  const brought = new Map<string, PackedBytes>([...indexes].map(([key, { set, sides }]) => [key, { set: own(set), sides: own(sides) }]));
  return { brought, memory };
}
