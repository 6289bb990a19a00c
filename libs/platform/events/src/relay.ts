import type { Logger, Metrics } from '@stella/platform-telemetry';
import type { Event } from './event-bus.js';
import { HOUSEKEEPING_MS, pauseBefore, POLL_MS, RETRY, UNSETTLED_POLL_MS } from './limits.js';
import type { Outbox } from './outbox.js';
import type { EventSession } from './session.js';
import { Bell } from './wake.js';

const LEADER = 'relay';

/** Hands events to everybody who subscribed; they are durable with each of them when it resolves. */
export type Publish = (events: readonly Event[]) => Promise<void>;

/** Sends the outbox of one service in order, at least once. Of several processes one does it at a time. */
export class Relay {
  readonly #bell = new Bell();
  readonly #relayed;
  #stopping = false;
  #loop: Promise<void> | undefined;
  #leaderOf = -1;
  #housekeepingAtMs = 0;

  constructor(
    private readonly outbox: Outbox,
    private readonly session: EventSession,
    private readonly publish: Publish,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#relayed = metrics.counter('events_relayed_total', 'Events sent from an outbox, by topic.', ['topic']);
  }

  ring(): void {
    this.#bell.ring();
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** The batch in hand is finished first. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.ring();
    await this.#loop;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping) {
      try {
        const waitMs = (await this.#isLeader()) ? await this.#relayBatch() : POLL_MS;
        failures = 0;
        if (waitMs > 0) await this.#bell.wait(waitMs);
      } catch (error) {
        failures++;
        this.logger.warn({ err: error, failures }, 'events could not be relayed; trying again');
        await this.#bell.wait(pauseBefore(failures, RETRY));
      }
    }
  }

  async #isLeader(): Promise<boolean> {
    if (this.#leaderOf === this.session.generation) return true;
    if (!(await this.session.tryLock(LEADER))) return false;
    this.#leaderOf = this.session.generation;
    return true;
  }

  /** How long to wait before the next look; 0: not at all. */
  async #relayBatch(): Promise<number> {
    const { events, positions, more } = await this.outbox.next();
    if (events.length > 0) {
      await this.publish(events);
      await this.outbox.markRelayed(positions);
      for (const { topic } of events) this.#relayed.inc({ topic });
    } else if (Date.now() >= this.#housekeepingAtMs) {
      this.#housekeepingAtMs = Date.now() + HOUSEKEEPING_MS;
      await this.outbox.forgetOld();
    }
    if (!more) return POLL_MS;
    return events.length > 0 ? 0 : UNSETTLED_POLL_MS;
  }
}
