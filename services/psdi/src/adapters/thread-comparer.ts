import { Worker } from 'node:worker_threads';
import type { UnitKind } from '@stella/binary-delta';
import { DomainError, type Reason } from '@stella/errors';
import type { Comparer, IndexStore, LiftedSide, PackedIndex, PsdiFacts } from '../application/ports.js';
import type { IndexRecord } from '../domain/index-record.js';
import type { MadeDelta } from '../domain/make-delta.js';
import type { ClaimedProof, RecheckFault } from '../domain/recheck-delta.js';
import type { ComparisonAnswer, ComparisonRequest, FromThread, PackedBytes, SideRequest, ToThread } from './comparison/messages.js';

/** Built it is JavaScript; in tests it is the source, as this file is. */
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const PROGRAM = new URL(`./comparison/thread${EXTENSION}`, import.meta.url);
/** What this process was started with, such as its telemetry, is not for a thread that only computes. */
const OPTIONS = { name: 'psdi-comparison', ...(EXTENSION === '.js' && { execArgv: [] }) };

interface Pending {
  readonly resolve: (answer: ComparisonAnswer | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Compares in a thread of its own, which is started when it is first needed and anew when it has died. */
export class ThreadComparer implements Comparer {
  #thread: Worker | undefined;
  #lastId = 0;
  readonly #pending = new Map<number, Pending>();

  constructor(
    private readonly store: IndexStore,
    private readonly facts: Pick<PsdiFacts, 'asked'>,
  ) {}

  keep(record: IndexRecord, index: PackedIndex): void {
    // Where it cannot be kept it is loaded when it is asked for.
    this.#ask({ op: 'keep', brought: new Map([[sideOf(record).key, index]]) }).catch(() => undefined);
  }

  async compare(baseline: IndexRecord, candidate: IndexRecord): Promise<MadeDelta> {
    const request = { op: 'compare', old: sideOf(baseline), next: sideOf(candidate) } as const;
    let answer = await this.#ask({ ...request, brought: new Map() });
    for (const { key } of [request.old, request.next]) this.facts.asked('parsed', !missingIn(answer).includes(key));
    // What was held a moment ago may have been pushed out by others: then both are brought.
    for (const needed = new Set<string>(); missingIn(answer).length > 0; ) {
      for (const key of missingIn(answer)) needed.add(key);
      answer = await this.#ask({ ...request, brought: await this.#load([baseline, candidate], needed) });
    }
    if (answer === undefined || !('made' in answer)) throw new DomainError('INTERNAL', { comparison: 'no delta' });
    return answer.made;
  }

  async #load(records: readonly IndexRecord[], keys: ReadonlySet<string>): Promise<Map<string, PackedIndex>> {
    const loaded = new Map<string, PackedIndex>();
    for (const record of records) {
      const { key } = sideOf(record);
      if (keys.has(key) && !loaded.has(key)) loaded.set(key, await this.store.load(record));
    }
    return loaded;
  }

  async recheck(proof: ClaimedProof, old: LiftedSide, next: LiftedSide): Promise<RecheckFault | undefined> {
    const [oldSide, nextSide] = [liftedSide(old), liftedSide(next)];
    const answer = await this.#ask({ op: 'recheck', proof, old: oldSide, next: nextSide, brought: new Map([[oldSide.key, old.index], [nextSide.key, next.index]]) });
    if (answer === undefined || !('fault' in answer)) throw new DomainError('INTERNAL', { comparison: 'no answer' });
    return answer.fault;
  }

  /** Ends the thread; what is under way fails. */
  async stop(): Promise<void> {
    await this.#thread?.terminate();
  }

  #ask(request: ComparisonRequest): Promise<ComparisonAnswer | undefined> {
    const thread = (this.#thread ??= this.#start());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const [moved, memory] = moving(request);
      this.#pending.set(id, { resolve, reject });
      thread.ref();
      thread.postMessage({ id, request: moved } satisfies ToThread, memory);
    });
  }

  #start(): Worker {
    const thread = new Worker(PROGRAM, OPTIONS);
    thread.on('message', (message: FromThread) => this.#settle(thread, message));
    const died = (cause: unknown): void => {
      if (this.#thread === thread) this.#thread = undefined;
      for (const { reject } of this.#pending.values()) reject(new DomainError('INTERNAL', { thread: OPTIONS.name, problem: String(cause) }, { cause }));
      this.#pending.clear();
    };
    thread.on('error', died).on('exit', () => died(new Error('the thread has ended')));
    return thread;
  }

  #settle(thread: Worker, message: FromThread): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    // Idle it keeps no process alive.
    if (this.#pending.size === 0) thread.unref();
    if ('error' in message) pending?.reject(new DomainError(message.error.reason as Reason, message.error.facts));
    else pending?.resolve(message.answer);
  }
}

const missingIn = (answer: ComparisonAnswer | undefined): readonly string[] => (answer !== undefined && 'missing' in answer ? answer.missing : []);

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

/** The request with its indexes in memory that can be given away, and that memory. */
function moving(request: ComparisonRequest): [ComparisonRequest, ArrayBuffer[]] {
  const memory: ArrayBuffer[] = [];
  const own = (bytes: Uint8Array): Uint8Array => {
    // A small buffer lies in memory that it shares with others.
    const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
    memory.push(whole.buffer as ArrayBuffer);
    return whole;
  };
  const brought = new Map<string, PackedBytes>([...request.brought].map(([key, { set, sides }]) => [key, { set: own(set), sides: own(sides) }]));
  return [{ ...request, brought }, memory];
}
