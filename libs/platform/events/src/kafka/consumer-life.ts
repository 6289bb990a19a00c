import type { Consumer, ConsumerConfig, EachBatchHandler, EachBatchPayload, Kafka } from 'kafkajs';
import { Pulse } from '../pulse.js';
import { inTime } from './in-time.js';
import { CONSUMER_RETRIES, FETCH_BYTES, FETCH_BYTES_PER_PARTITION, FETCH_WAIT_MS, HEARTBEAT_MS, INTAKE_STOP_TIMEOUT_MS, LEFTOVER_TIMEOUT_MS, REBALANCE_TIMEOUT_MS, SESSION_TIMEOUT_MS, STALL_GRACE_MS, STALL_MS } from './limits.js';

const CONFIG: Omit<ConsumerConfig, 'groupId'> = {
  sessionTimeout: SESSION_TIMEOUT_MS,
  rebalanceTimeout: REBALANCE_TIMEOUT_MS,
  heartbeatInterval: HEARTBEAT_MS,
  maxWaitTimeInMs: FETCH_WAIT_MS,
  maxBytes: FETCH_BYTES,
  maxBytesPerPartition: FETCH_BYTES_PER_PARTITION,
  allowAutoTopicCreation: false,
  // kafkajs would begin anew only after some errors, with the state of before; whoever made this life makes the next.
  retry: { ...CONSUMER_RETRIES, restartOnFailure: async () => false },
};

/** What becomes known while a consumer lives, and who is asked about what does not. */
export interface LifeSigns {
  /** It is in touch with its group, or nobody can be. */
  readonly alive: Pulse;
  /** Something was asked of the broker's topics, or came of it. */
  readonly poll: Pulse;
  joined(): void;
  isBrokerThere(): Promise<boolean>;
}

/** `stallMs`: without a sign of the group, while the broker answers for `graceMs`, a consumer is given up. */
export interface LifeLimits {
  readonly stallMs: number;
  readonly graceMs: number;
}

/** One consumer of kafkajs from its connection to its end. It is never revived: a new one takes its place. */
export class ConsumerLife {
  readonly #consumer: Consumer;
  readonly #crash = Promise.withResolvers<never>();
  readonly #group = new Pulse();
  #brokerThereSinceMs: number | undefined;
  #isOver = false;

  constructor(
    kafka: Kafka,
    groupId: string,
    private readonly signs: LifeSigns,
    private readonly limits: LifeLimits = { stallMs: STALL_MS, graceMs: STALL_GRACE_MS },
  ) {
    this.#consumer = kafka.consumer({ ...CONFIG, groupId });
    // Also for the time when nobody waits for it.
    this.#crash.promise.catch(() => undefined);
    this.#listen();
  }

  /**
   * Takes batches until the signal comes, then finishes the one in hand, commits and leaves the group.
   * @throws what ended it before.
   */
  async run(topics: readonly string[], take: EachBatchHandler, signal: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    const watch = setInterval(() => void this.#watch(), this.limits.graceMs / 4);
    let consuming: Promise<void> | undefined;
    try {
      if (signal.aborted) return;
      consuming = this.#consume(topics, take);
      await Promise.race([stopped, this.#crash.promise, consuming.then(() => stopped)]);
    } finally {
      clearInterval(watch);
      this.#isOver = true;
      await inTime(this.#consumer.disconnect(), INTAKE_STOP_TIMEOUT_MS).catch(() => undefined);
      // kafkajs goes on to join a group for a while, though it is disconnected.
      await inTime(Promise.resolve(consuming), LEFTOVER_TIMEOUT_MS).catch(() => undefined);
    }
  }

  pause(topics: readonly string[]): void {
    this.#consumer.pause(topics.map((topic) => ({ topic })));
  }

  resume(topics: readonly string[]): void {
    this.#consumer.resume(topics.map((topic) => ({ topic })));
  }

  async #consume(topics: readonly string[], take: EachBatchHandler): Promise<void> {
    const steps = [
      () => this.#consumer.connect(),
      () => this.#consumer.subscribe({ topics: [...topics], fromBeginning: true }),
      () => this.#consumer.run({ eachBatchAutoResolve: false, eachBatch: (payload) => this.#take(take, payload) }),
    ];
    for (const step of steps) {
      await step();
      // Connected after all, though the end came first: nobody else would end it.
      if (this.#isOver) return this.#consumer.disconnect();
    }
  }

  async #take(take: EachBatchHandler, payload: EachBatchPayload): Promise<void> {
    if (this.#isOver) throw new Error('this consumer is over');
    await take(payload);
  }

  /** A broker that is gone is no fault of the consumer, which is the member that the group knows when it returns. */
  async #watch(): Promise<void> {
    if (this.#group.ageMs <= this.limits.stallMs) {
      this.#brokerThereSinceMs = undefined;
      return;
    }
    if (!(await this.signs.isBrokerThere())) {
      this.#brokerThereSinceMs = undefined;
      this.signs.alive.beat();
      return;
    }
    this.#brokerThereSinceMs ??= Date.now();
    if (Date.now() - this.#brokerThereSinceMs >= this.limits.graceMs) this.#crash.reject(new Error(`the group has not heard of the consumer for ${this.#group.ageMs} ms`));
  }

  #listen(): void {
    const { events } = this.#consumer;
    const { alive, poll, joined } = this.signs;
    this.#consumer.on(events.CRASH, ({ payload }) => this.#crash.reject(payload.error));
    this.#consumer.on(events.GROUP_JOIN, joined);
    // Fetches are no sign: kafkajs goes on with them while its heartbeats fail.
    for (const name of [events.CONNECT, events.GROUP_JOIN, events.HEARTBEAT] as const) {
      this.#consumer.on(name, () => {
        this.#group.beat();
        alive.beat();
      });
    }
    for (const name of [events.FETCH_START, events.FETCH] as const) this.#consumer.on(name, () => poll.beat());
  }
}
