import type { Tx } from '@stella/platform-database';
import type { Kafka } from 'kafkajs';
import type { AttachedEvents, EventParticipant, EventsHealth } from '../attached-events.js';
import type { DeadLetter } from '../dead-letter.js';
import type { DeadLetterQuery, DeadLetterView, WholeDeadLetter } from '../dead-letter-view.js';
import type { EventDraft, EventHandler, Subscription } from '../event-bus.js';
import { SqlEvents, type Waiting } from '../sql-events.js';
import { GroupAdmin } from './group-admin.js';
import { Intake, type IntakeDeps } from './intake.js';
import { KafkaSender } from './sender.js';

export interface KafkaEventsOptions {
  readonly kafka: Kafka;
  readonly topicPrefix: string;
  readonly backlogBounds?: IntakeDeps['backlogBounds'];
}

/** What of a service's events is not yet done with, at the brokers too. */
export interface WaitingAnywhere extends Waiting {
  /** NaN: the brokers do not say. */
  readonly lag: number;
}

/** Events of one service that reach the others by Kafka. */
export class KafkaEvents implements AttachedEvents {
  readonly #events: SqlEvents;
  readonly #sender: KafkaSender;
  readonly #admin: GroupAdmin;
  #intakes: readonly Intake[] = [];

  constructor(
    private readonly service: EventParticipant,
    private readonly options: KafkaEventsOptions,
  ) {
    const { kafka, topicPrefix } = options;
    this.#sender = new KafkaSender(kafka, topicPrefix);
    this.#admin = new GroupAdmin(kafka);
    this.#events = new SqlEvents(service, { publish: (events) => this.#sender.publish(events), hasDeadLetterTopics: true });
  }

  get running(): boolean {
    return this.#events.running;
  }

  append(tx: Tx, draft: EventDraft): Promise<void> {
    return this.#events.append(tx, draft);
  }

  subscribe<P>(subscription: Subscription, handler: EventHandler<P>): void {
    this.#events.subscribe(subscription, handler);
  }

  async start(): Promise<void> {
    if (this.#intakes.length > 0) return;
    await this.#events.start();
    if (!this.running) return;
    this.#intakes = this.#events.groups.map(({ group, topics }) => this.#intakeOf(group, topics));
    for (const intake of this.#intakes) intake.start();
  }

  /** What is in the inbox is safe: its handlers drain while the intake finishes, and neither waits for the other. */
  async stop(): Promise<void> {
    await Promise.all([this.#events.stop(), ...this.#intakes.map((intake) => intake.stop())]);
    await Promise.all([this.#sender.close(), this.#admin.close()]);
  }

  deadLetters(limit: number): Promise<DeadLetter[]> {
    return this.#events.deadLetters(limit);
  }

  deadLettersOf(query: DeadLetterQuery): Promise<DeadLetterView[]> {
    return this.#events.deadLettersOf(query);
  }

  deadLetter(id: string, tenant: string, bytesMax: number): Promise<WholeDeadLetter | undefined> {
    return this.#events.deadLetter(id, tenant, bytesMax);
  }

  isDeliverable(letter: DeadLetterView): boolean {
    return this.#events.isDeliverable(letter);
  }

  redeliver(id: string): Promise<boolean> {
    return this.#events.redeliver(id);
  }

  health(): EventsHealth {
    const all = [this.#events, ...this.#intakes].map((each) => each.health());
    return { notReady: all.flatMap(({ notReady }) => notReady), notLive: all.flatMap(({ notLive }) => notLive) };
  }

  /** In the order in which an event passes: none is missed because it went on in the meantime. */
  async waiting(): Promise<WaitingAnywhere> {
    const before = await this.#events.waiting();
    const lag = await this.#lag().catch(() => NaN);
    const { inbox, lastReceived } = await this.#events.waiting();
    return { ...before, lag, inbox, lastReceived };
  }

  async #lag(): Promise<number> {
    let sum = 0;
    for (const { group, topics } of this.#events.groups) {
      const existing = await this.#admin.existing(topics.map((topic) => this.#named(topic)));
      for (const [, lag] of await this.#admin.lag(this.#groupId(group), existing)) sum += lag;
    }
    return sum;
  }

  #intakeOf(group: string, topics: readonly string[]): Intake {
    const { kafka, topicPrefix, backlogBounds } = this.options;
    const { logger, metrics } = this.service;
    return new Intake({
      kafka,
      admin: this.#admin,
      group,
      groupId: this.#groupId(group),
      topics,
      topicPrefix,
      accept: (events, noEvents) => this.#events.acceptFor(group, events, noEvents),
      backlog: (atMost) => this.#events.backlog(group, atMost),
      ...(backlogBounds === undefined ? {} : { backlogBounds }),
      logger,
      metrics,
    });
  }

  #named(topic: string): string {
    return `${this.options.topicPrefix}${topic}`;
  }

  #groupId(group: string): string {
    const { name } = this.service;
    return this.#named(group === name ? `stella.${name}` : `stella.${name}.${group}`);
  }
}
