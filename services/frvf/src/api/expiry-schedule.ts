import type { Logger } from '@stella/platform-telemetry';
import type { ExpireReplays } from '../application/expire-replays.js';
import { limits } from '../limits.js';

/** Looks at the clock again and again, one look at a time. */
export class ExpirySchedule {
  #timer: NodeJS.Timeout | undefined;
  #look: Promise<void> = Promise.resolve();

  constructor(
    private readonly expire: ExpireReplays,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.#timer = setTimeout(() => (this.#look = this.#lookNow()), limits.expiryIntervalMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#look;
  }

  async #lookNow(): Promise<void> {
    try {
      await this.expire.execute();
    } catch (error) {
      this.logger.error({ err: error }, 'overdue replays could not be ended; trying again');
    }
    if (this.#timer !== undefined) this.start();
  }
}
