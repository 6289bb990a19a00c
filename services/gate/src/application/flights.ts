import { DomainError } from '@stella/errors';

/** What comes later in the place of an event of the same name: progress of one stage. */
export interface FlightEvent {
  readonly name: string;
}

type Work<E> = (emit: (event: E) => void, signal: AbortSignal) => Promise<void>;

/**
 * Work that several callers follow. Each sees the newest event of each name, in the order in which they came, so that a
 * slow one costs no memory; the work is given up when the last one has gone.
 */
class Flight<E extends FlightEvent> {
  readonly #newest = new Map<string, { readonly at: number; readonly event: E }>();
  readonly #abort = new AbortController();
  readonly #work: Promise<void>;
  #emitted = 0;
  #followers = 0;
  #wake: (() => void)[] = [];
  #outcome: { readonly error: unknown } | 'done' | undefined;

  constructor(work: Work<E>, timeoutMs: number, ended: () => void) {
    const timer = setTimeout(() => this.#abort.abort(new DomainError('DEADLINE_EXCEEDED', { evaluationMs: String(timeoutMs) })), timeoutMs);
    this.#work = work((event) => this.#emit(event), this.#abort.signal)
      .then(() => void (this.#outcome = 'done'))
      .catch((error: unknown) => void (this.#outcome = { error: this.#abort.signal.aborted ? this.#abort.signal.reason : error }))
      .finally(() => {
        clearTimeout(timer);
        ended();
        this.#wakeAll();
      });
  }

  get isAlive(): boolean {
    return !this.#abort.signal.aborted && this.#outcome === undefined;
  }

  /** Counts from the call on, so that a flight which somebody is about to follow is not given up. */
  follow(signal: AbortSignal): AsyncGenerator<E> {
    this.#followers += 1;
    const leave = once(() => {
      this.#followers -= 1;
      if (this.#followers === 0 && this.#outcome === undefined) this.#abort.abort(new DomainError('CANCELLED', { problem: 'nobody waits for it' }));
      this.#wakeAll();
    });
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    return this.#events(signal, leave);
  }

  /** When the work has come to its end, be it by force. */
  landed(): Promise<void> {
    return this.#work;
  }

  async *#events(signal: AbortSignal, leave: () => void): AsyncGenerator<E> {
    try {
      for (let seen = 0; ; ) {
        if (signal.aborted) throw new DomainError('CANCELLED', {}, { cause: signal.reason });
        const next = [...this.#newest.values()].filter(({ at }) => at > seen).sort((a, b) => a.at - b.at)[0];
        if (next) {
          seen = next.at;
          yield next.event;
        } else if (this.#outcome === 'done') return;
        else if (this.#outcome) throw this.#outcome.error;
        else await new Promise<void>((wake) => this.#wake.push(wake));
      }
    } finally {
      signal.removeEventListener('abort', leave);
      leave();
    }
  }

  #emit(event: E): void {
    this.#emitted += 1;
    this.#newest.set(event.name, { at: this.#emitted, event });
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}

/** At most one living flight a key, and so many at once. */
export class Flights<E extends FlightEvent> {
  readonly #flying = new Map<string, Flight<E>>();
  readonly #all = new Set<Flight<E>>();

  constructor(
    private readonly atOnceMax: number,
    private readonly timeoutMs: number,
    private readonly changed: (count: number) => void = () => undefined,
  ) {}

  /** @throws DomainError EVALUATIONS_TOO_MANY; while followed: CANCELLED, DEADLINE_EXCEEDED, or what the work threw */
  join(key: string, work: Work<E>, signal: AbortSignal): AsyncGenerator<E> {
    const flying = this.#flying.get(key);
    if (flying?.isAlive) return flying.follow(signal);
    if (this.#all.size >= this.atOnceMax) throw new DomainError('EVALUATIONS_TOO_MANY', { atOnceMax: String(this.atOnceMax) });
    const flight: Flight<E> = new Flight<E>(work, this.timeoutMs, () => {
      this.#all.delete(flight);
      // One that was given up may have a successor already.
      if (this.#flying.get(key) === flight) this.#flying.delete(key);
      this.changed(this.#all.size);
    });
    this.#flying.set(key, flight);
    this.#all.add(flight);
    this.changed(this.#all.size);
    return flight.follow(signal);
  }

  /** Waits for all that is under way. */
  async landed(): Promise<void> {
    await Promise.all([...this.#all].map((flight) => flight.landed()));
  }
}
