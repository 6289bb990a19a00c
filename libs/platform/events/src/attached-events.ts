import { DomainError } from '@stella/errors';
import type { Database, Tx } from '@stella/platform-database';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import { Consumer } from './consumer.js';
import type { Event, EventDraft, EventHandler, ServiceEvents, Subscription } from './event-bus.js';
import { type DeadLetter, Inbox } from './inbox.js';
import { CONCURRENCY, type RetryPolicy } from './limits.js';
import { Outbox } from './outbox.js';
import { type Publish, Relay } from './relay.js';
import { EventSession } from './session.js';

/** What a service brings. */
export interface EventParticipant {
  readonly name: string;
  /** Its schema holds the tables of `EVENTS_MIGRATIONS`. */
  readonly database: Database;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock?: () => Date;
  readonly retry?: RetryPolicy;
}

/** What is wrong with the flow of events, in words for an operator; empty lists: nothing. */
export interface EventsHealth {
  /** What does not flow at the moment, and may come back by itself. */
  readonly notReady: readonly string[];
  /** What has given no sign of life for so long that only a new process helps. */
  readonly notLive: readonly string[];
}

/** The events of one service, and the handle of whoever runs it. */
export interface AttachedEvents extends ServiceEvents {
  /** Relays and delivers from now on, beginning with what an earlier process left. */
  start(): Promise<void>;
  /** Finishes what is in hand within a deadline; the rest is delivered after the next start. */
  stop(): Promise<void>;
  /** The oldest first. */
  deadLetters(limit: number): Promise<DeadLetter[]>;
  /** Hands a dead letter to its consumer again; false if there is none of this id. */
  redeliver(id: string): Promise<boolean>;
  health(): EventsHealth;
}

/** Carries events between services, be they in this process or elsewhere. */
export interface EventBus {
  /** One call a service; it subscribes on the answer, and then starts it. */
  attach(service: EventParticipant): AttachedEvents;
  /**
   * Resolves when nothing is under way any more for the services attached here that run; for tests and for a demo.
   * @throws DomainError EVENTS_NOT_SETTLED with what still waits.
   */
  settle(timeoutMs?: number): Promise<void>;
}

export class SqlEvents implements AttachedEvents {
  readonly #consumers = new Map<string, Consumer>();
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #session: EventSession;
  readonly #relay: Relay;
  #state: 'new' | 'running' | 'stopped' = 'new';

  constructor(
    private readonly service: EventParticipant,
    publish: Publish,
  ) {
    this.#outbox = new Outbox(service.database, `/stella/${service.name}`, service.clock ?? (() => new Date()));
    this.#inbox = new Inbox(service.database);
    this.#session = new EventSession(service.database, () => this.#ring());
    this.#relay = new Relay(this.#outbox, this.#session, publish, service.logger, service.metrics);
  }

  get running(): boolean {
    return this.#state === 'running';
  }

  append(tx: Tx, draft: EventDraft): Promise<void> {
    return this.#outbox.append(tx, draft);
  }

  subscribe<P>(subscription: Subscription, handler: EventHandler<P>): void {
    const { topic, group = this.service.name, concurrency = CONCURRENCY } = subscription;
    const facts = { topic, group, service: this.service.name };
    if (this.#state !== 'new') throw new DomainError('EVENT_INVALID', facts, { message: 'a service subscribes before it starts' });
    const consumer = this.#consumers.get(group) ?? this.#newConsumer(group);
    if (!consumer.add({ topic, concurrency, handler: handler as EventHandler<unknown> })) {
      throw new DomainError('EVENT_INVALID', facts, { message: 'a group handles a topic once; name another group' });
    }
  }

  /** Takes what is meant for this service's consumers; durable when it resolves. */
  async accept(events: readonly Event[]): Promise<void> {
    for (const consumer of this.#consumers.values()) {
      const wanted = events.filter((event) => consumer.topics.includes(event.topic));
      if (wanted.length > 0) await this.#inbox.accept(consumer.group, wanted);
    }
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#relay.start();
    for (const consumer of this.#consumers.values()) consumer.start();
  }

  async stop(): Promise<void> {
    const wasRunning = this.running;
    this.#state = 'stopped';
    if (wasRunning) await Promise.all([this.#relay.stop(), ...[...this.#consumers.values()].map((consumer) => consumer.stop())]);
    await this.#session.close();
  }

  deadLetters(limit: number): Promise<DeadLetter[]> {
    return this.#inbox.deadLetters(limit);
  }

  redeliver(id: string): Promise<boolean> {
    return this.#inbox.redeliver(id);
  }

  health(): EventsHealth {
    return { notReady: [], notLive: [] };
  }

  /** Events under way: not yet sent, and not yet done with. */
  async waiting(): Promise<{ outbox: number; inbox: number }> {
    const [outbox, inbox] = await Promise.all([this.#outbox.countWaiting(), this.#inbox.countWaiting()]);
    return { outbox, inbox };
  }

  #newConsumer(group: string): Consumer {
    const { database, logger, metrics, retry } = this.service;
    const consumer = new Consumer(group, { database, inbox: this.#inbox, session: this.#session, logger, metrics, retry });
    this.#consumers.set(group, consumer);
    return consumer;
  }

  #ring(): void {
    this.#relay.ring();
    for (const consumer of this.#consumers.values()) consumer.ring();
  }
}
