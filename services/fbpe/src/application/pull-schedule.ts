import { isDomainError } from '@stella/errors';
import { pauseAfter } from '../domain/check-schedule.js';
import { limits } from '../limits.js';
import type { PeeringRepository } from './ports.js';
import type { PullPeer } from './pull-peer.js';

/** Pulls every active peer again and again, unless another process is at it: with jitter, and ever more rarely while a peer fails. */
export class PullSchedule {
  readonly #abort = new AbortController();
  readonly #failures = new Map<string, { readonly count: number; readonly notBeforeMs: number }>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(
    private readonly peerings: PeeringRepository,
    private readonly pull: PullPeer,
    /** 0: only when asked to. */
    private readonly intervalMs: number,
    private readonly random: () => number,
    private readonly report: (error: unknown) => void,
  ) {}

  start(): void {
    if (this.intervalMs > 0) this.#plan();
  }

  /** Tells a pull under way to give up, and waits for it. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('the node stops'));
    clearTimeout(this.#timer);
    await this.#round;
  }

  #plan(): void {
    if (this.#abort.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#pullAll()
        .catch(this.report)
        .finally(() => this.#plan());
    }, this.intervalMs * (0.75 + this.random() / 2));
    this.#timer.unref();
  }

  async #pullAll(): Promise<void> {
    for (const { id, tenant } of await this.peerings.active()) {
      const failed = this.#failures.get(id);
      if (this.#abort.signal.aborted || (failed && Date.now() < failed.notBeforeMs)) continue;
      try {
        await this.pull.executeIfFree(tenant, id, this.#abort.signal);
        this.#failures.delete(id);
      } catch (error) {
        // It was counted and logged where it happened.
        if (!isDomainError(error)) this.report(error);
        const count = (failed?.count ?? 0) + 1;
        this.#failures.set(id, { count, notBeforeMs: Date.now() + pauseAfter(count, this.intervalMs, limits.pullPauseMsMax, this.random()) });
      }
    }
  }
}
