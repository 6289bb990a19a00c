import type { DomainError } from '@stella/errors';
import { span, withTraceparent } from '@stella/platform-telemetry';
import type { Kafka } from 'kafkajs';
import type { OutgoingEvent } from '../outbox.js';
import type { NotSent } from '../relay.js';
import { SEND_BYTES } from './limits.js';
import { toMessage } from './message.js';
import { TopicProducer } from './topic-producer.js';

/** Sends what a service tells: a producer a topic, so that trouble with one is no trouble with another. */
export class KafkaSender {
  readonly #producers = new Map<string, TopicProducer>();

  constructor(
    private readonly kafka: Kafka,
    private readonly topicPrefix: string,
  ) {}

  /** Topics side by side, the events of a topic in order. Resolves when each event is stored or answered for. */
  async publish(events: readonly OutgoingEvent[]): Promise<NotSent[]> {
    const byTopic = Map.groupBy(events, ({ topic }) => topic);
    const answers = await Promise.all([...byTopic].map(([topic, ofTopic]) => this.#sendAll(topic, ofTopic)));
    return answers.flat();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#producers.values()].map((producer) => producer.close()));
    this.#producers.clear();
  }

  /** An event that the broker refuses is left out; anything else ends the sending to this topic, for order's sake. */
  async #sendAll(topic: string, events: readonly OutgoingEvent[]): Promise<NotSent[]> {
    const notSent: NotSent[] = [];
    const chunks = chunksOf(events);
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
      const error = await this.#send(topic, chunk);
      if (error === undefined) continue;
      const [first, ...others] = chunk;
      if (error.reason !== 'EVENT_REFUSED') return [...notSent, ...[chunk, ...chunks].flat().map((event) => ({ event, error, isFinal: false }))];
      // One of them: the others are sent each by itself.
      if (others.length > 0) chunks.unshift(...chunk.map((event) => [event]));
      else if (first !== undefined) notSent.push({ event: first, error, isFinal: true });
    }
    return notSent;
  }

  async #send(topic: string, chunk: readonly OutgoingEvent[]): Promise<DomainError | undefined> {
    const sent = this.#producerOf(topic).send(chunk.map(toMessage));
    await Promise.allSettled(chunk.map((event) => traced(event, () => sent)));
    return sent.then(
      () => undefined,
      (error: DomainError) => error,
    );
  }

  #producerOf(topic: string): TopicProducer {
    const producer = this.#producers.get(topic) ?? new TopicProducer(this.kafka, `${this.topicPrefix}${topic}`);
    this.#producers.set(topic, producer);
    return producer;
  }
}

/** In order, each as large as a request may be; a larger event has one for itself. */
function chunksOf(events: readonly OutgoingEvent[]): OutgoingEvent[][] {
  const chunks: OutgoingEvent[][] = [];
  let bytes = Infinity;
  for (const event of events) {
    bytes += event.payload.length;
    if (bytes > SEND_BYTES) {
      chunks.push([]);
      bytes = event.payload.length;
    }
    chunks.at(-1)?.push(event);
  }
  return chunks;
}

/** A span in the event's own trace for the time that it takes to send it. */
function traced(event: OutgoingEvent, send: () => Promise<void>): Promise<void> {
  const attributes = { 'messaging.system': 'kafka', 'messaging.operation.type': 'send', 'messaging.destination.name': event.topic, 'messaging.message.id': event.id };
  return withTraceparent(event.traceparent, () => span(`send ${event.topic}`, attributes, send, { kind: 'client' }));
}
