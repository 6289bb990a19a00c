import type { Logger } from '@stella/platform-telemetry';

/** What is looked at again and again. */
export interface Look {
  execute(): Promise<unknown>;
}

/** One look at a time, with a pause after each; a look that fails is logged, and the next one comes. */
export class Schedule {
  #timer: NodeJS.Timeout | undefined;
  #look: Promise<void> = Promise.resolve();

  constructor(
    private readonly look: Look,
    private readonly pauseMs: number,
    /** What it means that a look failed. */
    private readonly failure: string,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.#timer = setTimeout(() => (this.#look = this.#lookNow()), this.pauseMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#look;
  }

  async #lookNow(): Promise<void> {
    try {
      await this.look.execute();
    } catch (error) {
      this.logger.error({ err: error }, `${this.failure}; trying again`);
    }
    if (this.#timer !== undefined) this.start();
  }
}
