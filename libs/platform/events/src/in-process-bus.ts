import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import type { Logger } from '@stella/platform-telemetry';
import type { AttachedEvents, EventBus, EventParticipant } from './attached-events.js';
import type { Event } from './event-bus.js';
import { SETTLE_TIMEOUT_MS } from './limits.js';
import type { NotSent } from './relay.js';
import { SqlEvents } from './sql-events.js';

const SETTLE_POLL_MS = 10;

/**
 * Carries events between the services of one process. Nothing is kept in memory: an event is in its sender's outbox
 * until it is in the inbox of every consumer, so that the end of the process at any moment loses and doubles nothing.
 */
export class InProcessBus implements EventBus {
  readonly #attached = new Map<string, SqlEvents>();
  /** Grows when a hand-over begins and when it ends: a look round that saw it grow may have missed an event on its way. */
  #handOvers = 0;

  constructor(private readonly options: { readonly logger: Logger }) {}

  attach(service: EventParticipant): AttachedEvents {
    if (this.#attached.has(service.name)) throw new DomainError('EVENT_INVALID', { service: service.name }, { message: 'the service is attached already' });
    const events = new SqlEvents(service, { publish: (batch) => this.#publish(batch), hasDeadLetterTopics: false });
    this.#attached.set(service.name, events);
    return events;
  }

  /**
   * Resolves when no event is under way any more: every outbox of a running service is sent, every consumer is done with
   * or has given up what it received.
   * @throws DomainError EVENTS_NOT_SETTLED with what still waits.
   */
  async settle(timeoutMs = SETTLE_TIMEOUT_MS): Promise<void> {
    const deadlineMs = Date.now() + timeoutMs;
    for (;;) {
      const before = this.#handOvers;
      const waiting = await this.#waiting();
      if (Object.keys(waiting).length === 0 && before === this.#handOvers) return;
      if (Date.now() >= deadlineMs) {
        this.options.logger.warn({ waiting }, 'events have not settled');
        throw new DomainError('EVENTS_NOT_SETTLED', waiting);
      }
      await delay(SETTLE_POLL_MS);
    }
  }

  async #publish(events: readonly Event[]): Promise<NotSent[]> {
    this.#handOvers++;
    try {
      for (const attached of this.#attached.values()) await attached.accept(events);
      return [];
    } finally {
      this.#handOvers++;
    }
  }

  async #waiting(): Promise<Record<string, string>> {
    const counts: Record<string, string> = {};
    for (const [name, attached] of this.#attached) {
      if (!attached.running) continue;
      const { outbox, inbox } = await attached.waiting();
      if (outbox + inbox > 0) counts[name] = `${outbox} to send, ${inbox} to handle`;
    }
    return counts;
  }
}
