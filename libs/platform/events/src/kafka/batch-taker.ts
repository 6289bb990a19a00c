import { setTimeout as delay } from 'node:timers/promises';
import { isDomainError } from '@stella/errors';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { DeadLetterCopy } from '../dead-letter.js';
import type { Event } from '../event-bus.js';
import { pauseBefore, RELAY_RETRY } from '../limits.js';
import type { Pulse } from '../pulse.js';
import { inTime } from './in-time.js';
import { HEARTBEAT_MS, STORE_TIMEOUT_MS } from './limits.js';
import { copyOfMessage, fromMessage, type Place } from './message.js';

/** SQLSTATE classes `data exception` and `integrity constraint violation`: the row's fault, not the database's. */
const FAULT_OF_CONTENT = /^2[23]/;

export interface BatchTakerDeps {
  readonly group: string;
  readonly topicPrefix: string;
  /** Durable when it resolves, in one transaction; with how many events were new. */
  accept(events: readonly Event[], noEvents: readonly DeadLetterCopy[]): Promise<number>;
  /** Beats while a batch waits for the database. */
  readonly pulse: Pulse;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

type Batch = Pick<EachBatchPayload, 'heartbeat' | 'resolveOffset'> & { readonly batch: Pick<EachBatchPayload['batch'], 'topic' | 'partition' | 'messages' | 'lastOffset'> };

interface Sorted {
  readonly message: KafkaMessage;
  readonly event?: Event;
  readonly error?: unknown;
}

/** Puts what was fetched into the inbox, and what is no event into a dead letter: no message ever stops its partition. */
export class BatchTaker {
  readonly #consumed;
  readonly #duplicates;
  readonly #malformed;

  constructor(private readonly deps: BatchTakerDeps) {
    const { metrics } = deps;
    this.#consumed = metrics.counter('events_consumed_total', 'Events that came into an inbox, by consumer and topic.', ['consumer', 'topic']);
    this.#duplicates = metrics.counter('events_duplicates_total', 'Events that were in the inbox already when they came.', ['consumer', 'topic']);
    this.#malformed = metrics.counter('events_malformed_total', 'Messages that are no events and went to the dead-letter topic, by reason.', ['consumer', 'topic', 'reason']);
  }

  /** Resolves with the number of messages once they are durable and their offset may be committed. @throws when told to stop. */
  async take({ batch, heartbeat, resolveOffset }: Batch): Promise<number> {
    const place = { topic: batch.topic.slice(this.deps.topicPrefix.length), partition: batch.partition };
    const sorted = batch.messages.map((message) => sort(place.topic, message));
    // The group takes us for dead if a slow database keeps us from telling it otherwise; its own loop sees to any trouble.
    const beating = setInterval(() => void heartbeat().catch(() => undefined), HEARTBEAT_MS);
    try {
      await this.#store(sorted, place);
    } finally {
      clearInterval(beating);
    }
    resolveOffset(batch.lastOffset());
    return sorted.length;
  }

  /** Until it is stored; at once if only the database is at fault, else one message after the other. */
  async #store(sorted: readonly Sorted[], place: Omit<Place, 'offset'>): Promise<void> {
    for (let failures = 1; ; failures++) {
      try {
        return await this.#accept(sorted, place);
      } catch (error) {
        if (FAULT_OF_CONTENT.test((error as { code?: string }).code ?? '')) return this.#storeEach(sorted, place, error);
        if (this.deps.signal.aborted) throw error;
        this.deps.pulse.beat();
        this.deps.logger.warn({ err: error, consumer: this.deps.group, ...place, failures }, 'what was fetched could not be stored; trying again');
        await delay(pauseBefore(failures, RELAY_RETRY), undefined, { signal: this.deps.signal }).catch(() => undefined);
      }
    }
  }

  async #storeEach(sorted: readonly Sorted[], place: Omit<Place, 'offset'>, error: unknown): Promise<void> {
    const [only, ...others] = sorted;
    if (only === undefined) return;
    if (others.length > 0) for (const each of sorted) await this.#store([each], place);
    else await this.#store([{ message: only.message, error }], place);
  }

  async #accept(sorted: readonly Sorted[], place: Omit<Place, 'offset'>): Promise<void> {
    const { group: consumer, logger } = this.deps;
    const events = sorted.flatMap(({ event }) => event ?? []);
    const noEvents = sorted.filter(({ event }) => event === undefined);
    const copies = noEvents.map(({ message, error }) => copyOfMessage(message, { ...place, offset: message.offset }, { consumer, error, attempts: 0, at: new Date() }));
    const taken = await inTime(this.deps.accept(events, copies), STORE_TIMEOUT_MS, 'DATABASE_UNAVAILABLE');
    this.#consumed.inc({ consumer, topic: place.topic }, taken);
    this.#duplicates.inc({ consumer, topic: place.topic }, events.length - taken);
    for (const { message, error } of noEvents) {
      const reason = isDomainError(error) ? error.reason : 'INTERNAL';
      this.#malformed.inc({ consumer, topic: place.topic, reason });
      logger.error({ err: error, consumer, ...place, offset: message.offset }, 'a message is no event; it goes to the dead-letter topic');
    }
  }
}

function sort(topic: string, message: KafkaMessage): Sorted {
  try {
    return { message, event: fromMessage(topic, message) };
  } catch (error) {
    return { message, error };
  }
}
