import { setTimeout as delay } from 'node:timers/promises';

const EVERY_MS = 3_600_000;
/** When a pass left something over. */
const AGAIN_MS = 60_000;
/** Rows of one statement: few enough to be over long before a statement's or a lock's time-out. */
const ROWS_MAX = 1_000;
/** Statements of one chore and pass. */
const STATEMENTS_MAX = 500;

/** Something that is kept for a while only. */
export interface Chore {
  /** In a few words, for metrics and logs: `sent events`. */
  readonly what: string;
  /**
   * Removes the oldest rows that are due, at most `rowsMax`, and resolves with how many that were; fewer than `rowsMax`: no
   * more are due. It has to leave alone what somebody else has locked: every process of a service does the same.
   */
  forget(rowsMax: number): Promise<number>;
}

export interface HousekeepingOptions {
  readonly everyMs?: number;
  readonly rowsMax?: number;
  readonly statementsMax?: number;
  forgot(what: string, rows: number): void;
  failed(what: string, error: unknown): void;
}

/**
 * Does the chores of a process at its start, and then from time to time, with jitter. A pass is bounded, gives others the
 * database for as long as it had it, and goes on soon if it left something over.
 */
export class Housekeeping {
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;

  constructor(
    private readonly chores: readonly Chore[],
    private readonly options: HousekeepingOptions,
  ) {}

  start(): void {
    if (this.chores.length > 0 && this.#pass === undefined) this.#begin();
  }

  /** Waits for the statement that runs, and begins no other. */
  async stop(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#timer);
    await this.#pass;
  }

  /** One pass, after the one that may be under way. False: something is left over. */
  async pass(): Promise<boolean> {
    await this.#pass;
    return this.#round();
  }

  async #round(): Promise<boolean> {
    let isDone = true;
    for (const chore of this.chores) isDone = (await this.#do(chore)) && isDone;
    return isDone;
  }

  #begin(): void {
    this.#pass = this.#round().then((isDone) => {
      if (this.#ending.signal.aborted) return;
      const { everyMs = EVERY_MS } = this.options;
      const pauseMs = isDone ? everyMs : Math.min(AGAIN_MS, everyMs);
      this.#timer = setTimeout(() => this.#begin(), pauseMs * (0.75 + Math.random() / 2)).unref();
    });
  }

  async #do(chore: Chore): Promise<boolean> {
    const { what } = chore;
    const { rowsMax = ROWS_MAX, statementsMax = STATEMENTS_MAX } = this.options;
    let [rows, forgotten] = [rowsMax, 0];
    try {
      for (let n = 0; n < statementsMax && rows >= rowsMax && !this.#ending.signal.aborted; n++) {
        const startMs = performance.now();
        rows = await chore.forget(rowsMax);
        forgotten += rows;
        if (rows >= rowsMax) await delay(performance.now() - startMs, undefined, { signal: this.#ending.signal }).catch(() => undefined);
      }
    } catch (error) {
      // What is due now is due in an hour too.
      this.options.failed(what, error);
      rows = 0;
    }
    if (forgotten > 0) this.options.forgot(what, forgotten);
    return rows < rowsMax;
  }
}
