import { DomainError } from '@stella/errors';

interface Flight<T> {
  readonly result: Promise<T>;
  readonly aborter: AbortController;
  waiting: number;
}

/** Who asks for the same thing at the same time shares one piece of work; it is given up when nobody waits for it any more. */
export class SharedFlights<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /** @throws DomainError CANCELLED when the caller's own signal aborts; what `work` throws */
  async join(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (signal.aborted) throw cancelled(signal);
    const flight = this.#flights.get(key) ?? this.#start(key, work);
    flight.waiting++;
    let onAbort: (() => void) | undefined;
    const left = new Promise<never>((_, reject) => {
      onAbort = () => reject(cancelled(signal));
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([flight.result, left]);
    } finally {
      if (onAbort) signal.removeEventListener('abort', onAbort);
      flight.waiting--;
      if (flight.waiting === 0) this.#end(key, flight);
    }
  }

  #start(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const aborter = new AbortController();
    const flight: Flight<T> = { result: work(aborter.signal), aborter, waiting: 0 };
    // Everybody may have left before it fails.
    flight.result.catch(() => undefined);
    this.#flights.set(key, flight);
    return flight;
  }

  #end(key: string, flight: Flight<T>): void {
    flight.aborter.abort(new Error('nobody waits for it'));
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }
}

function cancelled(signal: AbortSignal): DomainError {
  return new DomainError('CANCELLED', {}, { cause: signal.reason });
}
