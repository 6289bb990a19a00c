import { DomainError } from '@stella/errors';

/**
 * Work that several callers may follow: each sees everything from the beginning, and the work is given up when the last
 * one has gone.
 */
export class Flight<E> {
  readonly #events: E[] = [];
  readonly #abort = new AbortController();
  #followers = 0;
  #wake: (() => void)[] = [];
  #outcome: { readonly error: unknown } | 'done' | undefined;

  constructor(work: (emit: (event: E) => void, signal: AbortSignal) => Promise<void>, timeoutMs: number, ended: () => void) {
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(timeoutMs)]);
    work((event) => this.#emit(event), signal)
      .then(() => (this.#outcome = 'done'))
      .catch((error: unknown) => (this.#outcome = { error }))
      .finally(() => {
        ended();
        this.#wakeAll();
      });
  }

  async *follow(signal: AbortSignal): AsyncGenerator<E> {
    this.#followers += 1;
    const gone = () => this.#wakeAll();
    signal.addEventListener('abort', gone);
    try {
      for (let at = 0; ; ) {
        while (at < this.#events.length) yield this.#events[at++] as E;
        if (this.#outcome === 'done') return;
        if (this.#outcome) throw this.#outcome.error;
        if (signal.aborted) throw new DomainError('CANCELLED');
        await new Promise<void>((wake) => this.#wake.push(wake));
      }
    } finally {
      signal.removeEventListener('abort', gone);
      this.#followers -= 1;
      if (this.#followers === 0) this.#abort.abort();
    }
  }

  #emit(event: E): void {
    this.#events.push(event);
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** At most one flight a key, and so many at once. */
export class Flights<E> {
  readonly #flying = new Map<string, Flight<E>>();

  constructor(
    private readonly atOnceMax: number,
    private readonly timeoutMs: number,
  ) {}

  /** @throws DomainError EVALUATIONS_TOO_MANY */
  join(key: string, work: (emit: (event: E) => void, signal: AbortSignal) => Promise<void>, signal: AbortSignal): AsyncGenerator<E> {
    let flight = this.#flying.get(key);
    if (!flight) {
      if (this.#flying.size >= this.atOnceMax) throw new DomainError('EVALUATIONS_TOO_MANY', { atOnceMax: String(this.atOnceMax) });
      flight = new Flight(work, this.timeoutMs, () => this.#flying.delete(key));
      this.#flying.set(key, flight);
    }
    return flight.follow(signal);
  }
}
