import type { Metrics } from '@stella/platform-telemetry';
import { BACKLOG_READING_MS } from './limits.js';

export interface BacklogReading {
  readonly outbox: number;
  readonly inbox: number;
  readonly oldestSeconds: number;
}

/** What waits in the tables of a service, read now and then; no figure rather than an old one where it cannot be read. */
export class BacklogGauges {
  readonly #outbox;
  readonly #oldest;
  readonly #inbox;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly service: string,
    private readonly read: () => Promise<BacklogReading>,
    metrics: Metrics,
  ) {
    this.#outbox = metrics.gauge('events_outbox_waiting', 'Events that are not yet sent, by service.', ['service']);
    this.#oldest = metrics.gauge('events_outbox_oldest_seconds', 'Age of the oldest event that is not yet sent, by service.', ['service']);
    this.#inbox = metrics.gauge('events_inbox_waiting', 'Events that were received and are not yet done with, by service.', ['service']);
  }

  start(): void {
    this.#timer = setInterval(() => void this.update(), BACKLOG_READING_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async update(): Promise<void> {
    const { service } = this;
    try {
      const { outbox, inbox, oldestSeconds } = await this.read();
      this.#outbox.set({ service }, outbox);
      this.#oldest.set({ service }, oldestSeconds);
      this.#inbox.set({ service }, inbox);
    } catch {
      for (const gauge of [this.#outbox, this.#oldest, this.#inbox]) gauge.remove({ service });
    }
  }
}
