import { BACKLOG_LOOK_MS, BACKLOG_LOOKS, INBOX_BACKLOG_LOW, INBOX_BACKLOG_MAX } from './limits.js';

export interface BackPressureDeps {
  /** How much waits; counted up to `atMost`. */
  backlog(atMost: number): Promise<number>;
  pause(): void;
  resume(): void;
  readonly bounds?: { readonly max: number; readonly low: number };
}

/** Stops the intake while more waits than the bound, until less than the lower one does: what is behind waits at the broker. */
export class BackPressure {
  readonly #max: number;
  readonly #low: number;
  readonly #lookEvents: number;
  #taken = Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly deps: BackPressureDeps) {
    this.#max = deps.bounds?.max ?? INBOX_BACKLOG_MAX;
    this.#low = deps.bounds?.low ?? INBOX_BACKLOG_LOW;
    this.#lookEvents = Math.ceil(this.#max / BACKLOG_LOOKS);
  }

  get paused(): boolean {
    return this.#timer !== undefined;
  }

  /** To be called with each batch that was taken. */
  async note(events: number): Promise<void> {
    this.#taken += events;
    if (this.paused || this.#taken < this.#lookEvents) return;
    this.#taken = 0;
    if ((await this.deps.backlog(this.#max + 1)) <= this.#max) return;
    this.deps.pause();
    this.#timer = setInterval(() => void this.#look(), BACKLOG_LOOK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const backlog = await this.deps.backlog(this.#max + 1).catch(() => Infinity);
    if (backlog >= this.#low || !this.paused) return;
    this.stop();
    this.deps.resume();
  }
}
