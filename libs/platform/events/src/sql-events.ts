import { DomainError } from '@stella/errors';
import type { Housekeeping, Tx } from '@stella/platform-database';
import type { AttachedEvents, EventParticipant, EventsHealth } from './attached-events.js';
import { BacklogGauges } from './backlog-gauges.js';
import { Consumer } from './consumer.js';
import { copyOfEvent, type DeadLetter, type DeadLetterCopy } from './dead-letter.js';
import type { DeadLetterQuery, DeadLetterView, WholeDeadLetter } from './dead-letter-view.js';
import type { Event, EventDraft, EventHandler, Subscription } from './event-bus.js';
import { eventHousekeeping } from './event-housekeeping.js';
import { Inbox } from './inbox.js';
import { CONCURRENCY, HELD_NOT_READY_MS, LOOP_TURN_AGE_MS } from './limits.js';
import { Outbox } from './outbox.js';
import type { Pulse } from './pulse.js';
import { type Publish, Relay } from './relay.js';
import { EventSession } from './session.js';

/** How events get from one service to the others. */
export interface Carrier {
  readonly publish: Publish;
  /** Whether dead letters go to a topic of their own too. */
  readonly hasDeadLetterTopics: boolean;
}

/** What of a service's events is not yet done with. The last positions grow with every event that is added. */
export interface Waiting {
  readonly outbox: number;
  readonly inbox: number;
  readonly lastSent: bigint;
  readonly lastReceived: bigint;
}

/** Events of one service in its own tables; what lies between its outbox and the others' inboxes is the carrier's. */
export class SqlEvents implements AttachedEvents {
  readonly #consumers = new Map<string, Consumer>();
  readonly #outbox: Outbox;
  readonly #inbox: Inbox;
  readonly #session: EventSession;
  readonly #relay: Relay;
  readonly #gauges: BacklogGauges;
  readonly #housekeeping: Housekeeping;
  #state: 'new' | 'running' | 'stopped' = 'new';

  constructor(
    private readonly service: EventParticipant,
    private readonly carrier: Carrier,
  ) {
    this.#outbox = new Outbox(service.database, `/stella/${service.name}`, service.clock ?? (() => new Date()));
    this.#inbox = new Inbox(service.database);
    this.#session = new EventSession(service.database, () => this.#ring());
    this.#relay = new Relay(this.#outbox, this.#session, carrier.publish, service.logger, service.metrics);
    this.#gauges = new BacklogGauges(service.name, () => this.waiting(), service.metrics);
    this.#housekeeping = eventHousekeeping(service, this.#outbox, this.#inbox);
  }

  get running(): boolean {
    return this.#state === 'running';
  }

  /** What the groups of this service subscribed to. */
  get groups(): readonly { readonly group: string; readonly topics: readonly string[] }[] {
    return [...this.#consumers.values()].map(({ group, topics }) => ({ group, topics }));
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

  /** Takes events for one group, and tells of what came with them and is no event; in one transaction. How many were new. */
  async acceptFor(group: string, events: readonly Event[], noEvents: readonly DeadLetterCopy[]): Promise<number> {
    if (noEvents.length === 0) return this.#inbox.accept(group, events);
    return this.service.database.tx(async (tx) => {
      for (const copy of noEvents) await this.#outbox.appendDeadLetter(tx, copy);
      return this.#inbox.accept(group, events, tx);
    });
  }

  /** How many events wait for a group; counted up to `atMost`. */
  backlog(group: string, atMost: number): Promise<number> {
    return this.#inbox.backlog(group, atMost);
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#relay.start();
    for (const consumer of this.#consumers.values()) consumer.start();
    this.#gauges.start();
    this.#housekeeping.start();
  }

  async stop(): Promise<void> {
    const wasRunning = this.running;
    this.#state = 'stopped';
    this.#gauges.stop();
    if (wasRunning) await Promise.all([this.#relay.stop(), this.#housekeeping.stop(), ...[...this.#consumers.values()].map((consumer) => consumer.stop())]);
    await this.#session.close();
  }

  /** The consumers' first, then what the carrier refused to take. */
  async deadLetters(limit: number): Promise<DeadLetter[]> {
    const letters = await this.#inbox.deadLetters(limit);
    return letters.length >= limit ? letters : [...letters, ...(await this.#outbox.refused(limit - letters.length))];
  }

  /** In the same order as `deadLetters`. */
  async deadLettersOf(query: DeadLetterQuery): Promise<DeadLetterView[]> {
    const { after, limit } = query;
    const isPastInbox = after?.startsWith('outbox-') === true;
    const letters = isPastInbox ? [] : await this.#inbox.deadLettersOf(query);
    if (letters.length >= limit) return letters;
    return [...letters, ...(await this.#outbox.refusedOf({ ...query, after: isPastInbox ? after : undefined, limit: limit - letters.length }))];
  }

  async deadLetter(id: string, tenant: string, bytesMax: number): Promise<WholeDeadLetter | undefined> {
    return (await this.#inbox.deadLetter(id, tenant, bytesMax)) ?? this.#outbox.refusedOne(id, tenant, bytesMax);
  }

  isDeliverable({ id, consumer, event }: DeadLetterView): boolean {
    return id.startsWith('outbox-') || this.#consumers.get(consumer)?.topics.includes(event.topic) === true;
  }

  async redeliver(id: string): Promise<boolean> {
    return (await this.#inbox.redeliver(id)) || this.#outbox.redeliver(id);
  }

  health(): EventsHealth {
    const loops: [string, Pulse][] = this.running ? [['the relay', this.#relay.pulse], ...[...this.#consumers.values()].map(({ group, pulse }): [string, Pulse] => [`the consumer ${group}`, pulse])] : [];
    const stuck = loops.filter(([, pulse]) => pulse.ageMs > LOOP_TURN_AGE_MS);
    const held = this.running ? this.#relay.heldFor(HELD_NOT_READY_MS) : [];
    return { notReady: held.map((topic) => `nothing can be sent to the topic ${topic}`), notLive: stuck.map(([name, { ageMs }]) => `${name} has been stuck for ${Math.round(ageMs / 1_000)} s`) };
  }

  async waiting(): Promise<Waiting & { readonly oldestSeconds: number }> {
    // In this order: a handler takes its event out of the inbox and puts what follows into the outbox at the same moment.
    const inbox = await this.#inbox.waiting();
    const outbox = await this.#outbox.waiting();
    return { outbox: outbox.count, inbox: inbox.count, lastSent: outbox.last, lastReceived: inbox.last, oldestSeconds: outbox.oldestSeconds };
  }

  #newConsumer(group: string): Consumer {
    const { database, logger, metrics, retry } = this.service;
    const consumer = new Consumer(group, {
      database,
      inbox: this.#inbox,
      session: this.#session,
      logger,
      metrics,
      retry,
      ...(this.carrier.hasDeadLetterTopics ? { tellDead: (tx, event, death) => this.#outbox.appendDeadLetter(tx, copyOfEvent(event, death)) } : {}),
    });
    this.#consumers.set(group, consumer);
    return consumer;
  }

  #ring(): void {
    this.#relay.ring();
    for (const consumer of this.#consumers.values()) consumer.ring();
  }
}
