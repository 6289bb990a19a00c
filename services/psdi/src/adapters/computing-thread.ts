import { Worker } from 'node:worker_threads';
import { DomainError, type Reason } from '@stella/errors';
import { limits } from '../limits.js';
import type { Computation, Computations, FromThread, ThreadData, ToThread } from './thread/messages.js';

/** Built it is JavaScript; in tests it is the source, as this file is. */
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const PROGRAM = new URL(`./thread/program${EXTENSION}`, import.meta.url);
/** What this process was started with, such as its telemetry, is not for a thread that only computes. */
const OPTIONS = EXTENSION === '.js' ? { execArgv: [] } : {};

interface Pending {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A thread that is started when it is first asked something, and anew when it has died. It answers in turn. */
export class ComputingThread {
  #worker: Worker | undefined;
  #lastId = 0;
  readonly #pending = new Map<number, Pending>();

  constructor(
    private readonly name: string,
    private readonly data: ThreadData,
    private readonly heapBytesMax: number = limits.threadHeapBytesMax,
  ) {}

  /**
   * @param memory what is given away with the arguments
   * @throws DomainError what the computation throws; INDEX_TOO_LARGE when its memory runs out, INTERNAL when it dies otherwise
   */
  ask<What extends Computation>(what: What, args: Parameters<Computations[What]>, memory: readonly ArrayBuffer[] = []): Promise<ReturnType<Computations[What]>> {
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      worker.postMessage({ id, what, args } satisfies ToThread, memory);
      this.#pending.set(id, { resolve: resolve as Pending['resolve'], reject });
      worker.ref();
    });
  }

  /** What is under way fails. */
  async stop(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(PROGRAM, { ...OPTIONS, name: this.name, workerData: this.data, resourceLimits: { maxOldGenerationSizeMb: this.heapBytesMax / 2 ** 20 } });
    worker.on('message', (message: FromThread) => this.#settle(worker, message));
    worker.on('error', (cause) => this.#died(worker, cause)).on('exit', () => this.#died(worker, new Error('it has ended')));
    return worker;
  }

  #settle(worker: Worker, message: FromThread): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    // Idle it keeps no process alive.
    if (this.#pending.size === 0) worker.unref();
    if ('error' in message) pending?.reject(new DomainError(message.error.reason as Reason, message.error.facts));
    else pending?.resolve(message.answer);
  }

  #died(worker: Worker, cause: unknown): void {
    // Its end is told after its error, when another one may have begun.
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#pending.values()) reject(this.#failure(cause));
    this.#pending.clear();
  }

  #failure(cause: unknown): DomainError {
    const isFull = (cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
    if (isFull) return new DomainError('INDEX_TOO_LARGE', { thread: this.name, heapBytesMax: String(this.heapBytesMax) }, { cause });
    return new DomainError('INTERNAL', { thread: this.name, problem: String(cause) }, { cause });
  }
}
