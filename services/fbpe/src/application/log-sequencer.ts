import { DomainError } from '@stella/errors';
import { limits } from '../limits.js';
import type { AppendBatch } from './append-batch.js';
import type { LoggedEntry, NewEntry } from './ports.js';

interface Waiting {
  readonly entry: NewEntry;
  readonly resolve: (entry: LoggedEntry) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts entries behind each other: whoever comes within a short while shares a batch, a checkpoint and a commit. What is
 * not yet committed is in memory only, and not yet acknowledged.
 */
export class LogSequencer {
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(
    private readonly batch: AppendBatch,
    private readonly lingerMs: number = limits.batchLingerMs,
  ) {}

  /**
   * Resolves when a signed checkpoint covers the entry; evidence that is logged already gives its entry.
   * @throws DomainError `LOG_BUSY`, `LOG_ROLLED_BACK` and whatever kept the batch from being committed
   */
  append(entry: NewEntry): Promise<LoggedEntry> {
    if (this.#waiting.length >= limits.waitingEntriesMax) {
      return Promise.reject(new DomainError('LOG_BUSY', { waiting: String(this.#waiting.length) }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Everything that waited when it was called has been answered. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    try {
      await new Promise((resolve) => setTimeout(resolve, this.lingerMs));
      while (this.#waiting.length > 0) await this.#one(this.#waiting.splice(0, limits.batchEntriesMax));
    } finally {
      this.#running = undefined;
    }
  }

  async #one(waiting: readonly Waiting[]): Promise<void> {
    try {
      const entries = await this.batch.execute(waiting.map(({ entry }) => entry));
      waiting.forEach(({ resolve }, at) => resolve(entries[at] as LoggedEntry));
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
