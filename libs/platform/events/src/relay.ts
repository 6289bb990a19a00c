import type { DomainError } from '@stella/errors';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import { describe } from './dead-letter.js';
import type { Event } from './event-bus.js';
import { DRAIN_TIMEOUT_MS, pauseBefore, POLL_MS, RELAY_RETRY, UNSETTLED_POLL_MS } from './limits.js';
import type { Outbox, OutgoingEvent } from './outbox.js';
import { Pulse } from './pulse.js';
import type { EventSession } from './session.js';
import { Bell } from './wake.js';

const LEADER = 'relay';

/** An event that was not taken; `isFinal`: nor will it ever be, while the others of its topic may. */
export interface NotSent {
  readonly event: Event;
  readonly error: DomainError;
  readonly isFinal: boolean;
}

/**
 * Hands events, in order for each key, to everybody who subscribed. They are durable with each of them, or with whoever
 * carries them there, when it resolves, but for those that the answer names: of a topic the last ones, or final ones.
 */
export type Publish = (events: readonly OutgoingEvent[]) => Promise<readonly NotSent[]>;

interface Held {
  readonly sinceMs: number;
  readonly failures: number;
  readonly untilMs: number;
}

/**
 * Sends the outbox of one service, at least once. Of several processes one does it at a time. What a carrier takes never
 * is set aside as a dead letter; a topic that cannot be sent to now is held for a while, and the others go on.
 */
export class Relay {
  readonly pulse = new Pulse();
  readonly #bell = new Bell();
  readonly #relayed;
  readonly #failures;
  readonly #heldGauge;
  readonly #held = new Map<string, Held>();
  #stopping = false;
  #loop: Promise<void> | undefined;
  #leaderOf = -1;

  constructor(
    private readonly outbox: Outbox,
    private readonly session: EventSession,
    private readonly publish: Publish,
    private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.#relayed = metrics.counter('events_relayed_total', 'Events sent from an outbox, by topic.', ['topic']);
    this.#failures = metrics.counter('events_relay_failures_total', 'Events that were not taken when they were sent, by topic and reason; all but EVENT_REFUSED are sent again.', ['topic', 'reason']);
    this.#heldGauge = metrics.gauge('events_topic_held', '1 while a topic waits because nothing could be sent to it.', ['topic']);
  }

  /** Topics that nothing could be sent to for longer than this. */
  heldFor(ms: number): readonly string[] {
    return [...this.#held].filter(([, { sinceMs }]) => Date.now() - sinceMs > ms).map(([topic]) => topic);
  }

  ring(): void {
    this.#bell.ring();
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** The batch in hand is finished first, if the carrier takes it in time; else it is sent again after the next start. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.ring();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, DRAIN_TIMEOUT_MS);
    await Promise.race([this.#loop, late]);
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping) {
      this.pulse.beat();
      try {
        const waitMs = (await this.#isLeader()) ? await this.#relayBatch() : POLL_MS;
        failures = 0;
        if (waitMs > 0) await this.#bell.wait(waitMs);
      } catch (error) {
        failures++;
        this.logger.warn({ err: error, failures }, 'events could not be relayed; trying again');
        await this.#bell.wait(pauseBefore(failures, RELAY_RETRY));
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
    const nowMs = Date.now();
    const stillHeld = [...this.#held].filter(([, { untilMs }]) => untilMs > nowMs);
    const { events, positions, more } = await this.outbox.next(stillHeld.map(([topic]) => topic));
    if (events.length > 0) await this.#note(events, positions, await this.publish(events));
    if (!more) return Math.max(1, Math.min(POLL_MS, ...[...this.#held.values()].map(({ untilMs }) => untilMs - Date.now())));
    return events.length > 0 ? 0 : UNSETTLED_POLL_MS;
  }

  async #note(events: readonly Event[], positions: readonly bigint[], notSent: readonly NotSent[]): Promise<void> {
    const failed = new Map(notSent.map((each) => [each.event, each]));
    const sent = events.filter((event) => !failed.has(event));
    await this.outbox.markRelayed(positions.filter((_, index) => !failed.has(events[index] as Event)));
    for (const { topic } of sent) this.#relayed.inc({ topic });
    for (const topic of new Set(sent.map((event) => event.topic))) this.#release(topic);
    for (const [index, event] of events.entries()) {
      const failure = failed.get(event);
      if (failure === undefined) continue;
      this.#failures.inc({ topic: event.topic, reason: failure.error.reason });
      if (failure.isFinal) await this.#setAside(event, positions[index] as bigint, failure.error);
    }
    for (const topic of new Set(notSent.filter(({ isFinal }) => !isFinal).map(({ event }) => event.topic))) {
      this.#hold(topic, notSent.find(({ event, isFinal }) => !isFinal && event.topic === topic)?.error);
    }
  }

  async #setAside({ id, topic, key }: Event, position: bigint, error: DomainError): Promise<void> {
    this.logger.error({ err: error, id, topic, key }, 'an event is refused for good; it is a dead letter of the relay');
    await this.outbox.markRefused(position, describe(error));
  }

  #hold(topic: string, error: DomainError | undefined): void {
    const before = this.#held.get(topic);
    const failures = (before?.failures ?? 0) + 1;
    const pauseMs = pauseBefore(failures, RELAY_RETRY);
    this.#held.set(topic, { sinceMs: before?.sinceMs ?? Date.now(), failures, untilMs: Date.now() + pauseMs });
    this.#heldGauge.set({ topic }, 1);
    this.logger.warn({ err: error, topic, failures, pauseMs }, 'nothing can be sent to a topic; it is tried again, the others go on');
  }

  #release(topic: string): void {
    if (!this.#held.delete(topic)) return;
    this.#heldGauge.set({ topic }, 0);
    this.logger.info({ topic }, 'a topic takes events again');
  }
}
