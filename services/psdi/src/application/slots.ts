import { DomainError } from '@stella/errors';

interface Waiting {
  readonly go: () => void;
  readonly giveUp: () => void;
}

/** A bounded number of things at once, the others in a bounded queue, first come first served. */
export class Slots {
  #free: number;
  readonly #queue: Waiting[] = [];

  constructor(
    atOnce: number,
    private readonly waitingMax: number,
  ) {
    this.#free = atOnce;
  }

  /** @throws DomainError LIFT_QUEUE_FULL, CANCELLED while it waits, or what `work` throws */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#take(signal);
    try {
      return await work();
    } finally {
      this.#free++;
      this.#queue.shift()?.go();
    }
  }

  async #take(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new DomainError('CANCELLED', {}, { cause: signal.reason });
    if (this.#free === 0) {
      if (this.#queue.length >= this.waitingMax) throw new DomainError('LIFT_QUEUE_FULL', { waitingMax: String(this.waitingMax) });
      return this.#wait(signal);
    }
    this.#free--;
  }

  async #wait(signal: AbortSignal): Promise<void> {
    let entry: Waiting | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        // The slot passes from hand to hand: whoever comes in between must not take it.
        const go = () => {
          this.#free--;
          resolve();
        };
        entry = { go, giveUp: () => reject(new DomainError('CANCELLED', {}, { cause: signal.reason })) };
        signal.addEventListener('abort', entry.giveUp, { once: true });
        this.#queue.push(entry);
      });
    } finally {
      if (entry) {
        signal.removeEventListener('abort', entry.giveUp);
        const index = this.#queue.indexOf(entry);
        if (index >= 0) this.#queue.splice(index, 1);
      }
    }
  }
}
