import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import type { Logger } from '@stella/platform-telemetry';
import type { Kafka } from 'kafkajs';
import type { AttachedEvents, EventBus, EventParticipant } from '../attached-events.js';
import { SETTLE_TIMEOUT_MS } from '../limits.js';
import { createKafka } from './client.js';
import type { KafkaConnection } from './connection.js';
import { KafkaEvents, type KafkaEventsOptions } from './kafka-events.js';

const SETTLE_POLL_MS = 50;

export interface KafkaBusOptions {
  readonly connection: KafkaConnection;
  readonly logger: Logger;
  /** Events in the inbox of a group above which nothing is fetched, and below which it is again; default 5,000 and 2,500. */
  readonly backlogBounds?: KafkaEventsOptions['backlogBounds'];
}

/**
 * Carries events between processes by Kafka. The topics are those of `deploy/kafka/topics.json`, which `applyTopics` makes;
 * nothing makes them on the way.
 */
export class KafkaBus implements EventBus {
  readonly #attached = new Map<string, KafkaEvents>();
  readonly #kafka: Kafka;

  /** Connects to nobody yet. @throws DomainError CONFIG_INVALID. */
  constructor(private readonly options: KafkaBusOptions) {
    this.#kafka = createKafka(options.connection, options.logger);
  }

  attach(service: EventParticipant): AttachedEvents {
    if (this.#attached.has(service.name)) throw new DomainError('EVENT_INVALID', { service: service.name }, { message: 'the service is attached already' });
    const { connection, backlogBounds } = this.options;
    const events = new KafkaEvents(service, { kafka: this.#kafka, topicPrefix: connection.topicPrefix ?? '', ...(backlogBounds === undefined ? {} : { backlogBounds }) });
    this.#attached.set(service.name, events);
    return events;
  }

  /** Two looks round with nothing under way and nothing new between them. */
  async settle(timeoutMs = SETTLE_TIMEOUT_MS): Promise<void> {
    const deadlineMs = Date.now() + timeoutMs;
    let before = '';
    for (;;) {
      const { waiting, mark } = await this.#look();
      const isQuiet = Object.keys(waiting).length === 0;
      if (isQuiet && mark === before) return;
      before = isQuiet ? mark : '';
      if (Date.now() >= deadlineMs) {
        this.options.logger.warn({ waiting }, 'events have not settled');
        throw new DomainError('EVENTS_NOT_SETTLED', waiting);
      }
      await delay(SETTLE_POLL_MS);
    }
  }

  async #look(): Promise<{ waiting: Record<string, string>; mark: string }> {
    const waiting: Record<string, string> = {};
    const marks: string[] = [];
    for (const [name, events] of this.#attached) {
      if (!events.running) continue;
      const { outbox, lag, inbox, lastSent, lastReceived } = await events.waiting();
      const received = Number.isNaN(lag) ? 'the brokers do not say what is' : String(lag);
      if (outbox + lag + inbox !== 0) waiting[name] = `${outbox} to send, ${received} to receive, ${inbox} to handle`;
      marks.push(`${name} ${lastSent} ${lastReceived}`);
    }
    return { waiting, mark: marks.join() };
  }
}
