import kafkajs, { type Kafka, type Message, type PartitionerArgs, type Producer } from 'kafkajs';
import { brokerError } from './failure.js';
import { inTime } from './in-time.js';
import { CLOSE_TIMEOUT_MS, PRODUCER_RETRIES, SEND_TIMEOUT_MS } from './limits.js';

const ACKS_OF_ALL_REPLICAS = -1;

/**
 * Sends to one topic, one request after the other. After any failure the producer is thrown away: kafkajs takes back the
 * sequence numbers of a whole request of which the broker may have stored a part, and what is sent under them next would
 * pass for a repetition and be dropped. A new producer has numbers of its own; what it sends twice, inboxes know.
 */
export class TopicProducer {
  #producer: Promise<Producer> | undefined;
  /** Partitions that messages of the request under way were meant for. */
  readonly #wanted = new Set<number>();

  constructor(
    private readonly kafka: Kafka,
    /** As the brokers name it. */
    private readonly topic: string,
  ) {}

  /** Durable with all in-sync replicas when it resolves. @throws DomainError as `brokerError` gives it. */
  async send(messages: readonly Message[]): Promise<void> {
    try {
      const producer = await (this.#producer ??= this.#connect());
      this.#wanted.clear();
      const sent = await inTime(producer.send({ topic: this.topic, acks: ACKS_OF_ALL_REPLICAS, messages: [...messages] }), SEND_TIMEOUT_MS);
      // kafkajs may leave out a partition whose leader moved to a broker that had answered already.
      const stored = new Set(sent.filter(({ errorCode }) => errorCode === 0).map(({ partition }) => partition));
      const missing = [...this.#wanted].filter((partition) => !stored.has(partition));
      if (missing.length > 0) throw new Error(`no acknowledgement of partition ${missing.join(', ')}`);
    } catch (error) {
      // Nobody waits for the farewell to a broker that may have gone.
      void this.close();
      throw brokerError(error, { topic: this.topic });
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer !== undefined) await inTime(producer.then((connected) => connected.disconnect()), CLOSE_TIMEOUT_MS).catch(() => undefined);
  }

  async #connect(): Promise<Producer> {
    const producer = this.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: PRODUCER_RETRIES,
      createPartitioner: () => this.#partitioner(),
    });
    try {
      await producer.connect();
      return producer;
    } catch (error) {
      void producer.disconnect().catch(() => undefined);
      throw error;
    }
  }

  #partitioner(): (args: PartitionerArgs) => number {
    // By the key's murmur2 hash, as Kafka's own clients do it.
    const choose = kafkajs.Partitioners.DefaultPartitioner();
    return (args) => {
      const partition = choose(args);
      this.#wanted.add(partition);
      return partition;
    };
  }
}
