import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import type { Logger, Metrics } from '@stella/platform-telemetry';
import type { Kafka } from 'kafkajs';
import type { EventsHealth } from '../attached-events.js';
import { pauseBefore } from '../limits.js';
import { Pulse } from '../pulse.js';
import { BackPressure } from './back-pressure.js';
import { BatchTaker, type BatchTakerDeps } from './batch-taker.js';
import { ConsumerLife } from './consumer-life.js';
import { brokerError } from './failure.js';
import type { GroupAdmin } from './group-admin.js';
import { inTime } from './in-time.js';
import { INTAKE_STOP_TIMEOUT_MS, LAG_LOOK_MS, LIVE_SIGN_AGE_MS, READY_POLL_AGE_MS, RESTART, TOPICS_LOOK_MS } from './limits.js';

export interface IntakeDeps {
  readonly kafka: Kafka;
  readonly admin: GroupAdmin;
  readonly group: string;
  /** As the brokers name it. */
  readonly groupId: string;
  /** Without the prefix. */
  readonly topics: readonly string[];
  readonly topicPrefix: string;
  readonly accept: BatchTakerDeps['accept'];
  backlog(atMost: number): Promise<number>;
  readonly backlogBounds?: { readonly max: number; readonly low: number };
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Brings what the brokers hold for one group into the inbox. Makes consumers as long as it runs: one that crashed or gives
 * no sign of life is replaced, and so is one whose topics are no longer those that there are.
 */
export class Intake {
  readonly #alive = new Pulse();
  readonly #poll = new Pulse();
  readonly #abort = new AbortController();
  readonly #taker: BatchTaker;
  readonly #lastPoll;
  readonly #restarts;
  readonly #paused;
  readonly #lag;
  #failures = 0;
  #missing: readonly string[] = [];
  #loop: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly deps: IntakeDeps) {
    const { group, topicPrefix, accept, logger, metrics } = deps;
    this.#taker = new BatchTaker({ group, topicPrefix, accept, logger, metrics, pulse: this.#alive, signal: this.#abort.signal });
    this.#lastPoll = metrics.gauge('events_last_poll_timestamp_seconds', 'When a consumer last asked for events; its age is `time()` less this.', ['consumer']);
    this.#restarts = metrics.counter('events_consumer_restarts_total', 'Consumers that ended by themselves and were replaced.', ['consumer']);
    this.#paused = metrics.gauge('events_consumer_paused', '1 while nothing is fetched because too much waits in the inbox.', ['consumer']);
    this.#lag = metrics.gauge('events_consumer_lag', 'Messages at the broker that a group has not yet taken; every process of the group gives the same figure.', ['consumer', 'topic']);
  }

  start(): void {
    if (this.#loop !== undefined) return;
    this.#poll.beat();
    this.#loop = this.#run();
    this.#timer = setInterval(() => void this.#readLag(), LAG_LOOK_MS);
    this.#timer.unref();
  }

  /** Finishes and commits the batch in hand and leaves the group. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort();
    if (this.#loop !== undefined) await inTime(this.#loop, INTAKE_STOP_TIMEOUT_MS).catch(() => this.deps.logger.warn({ consumer: this.deps.group }, 'a consumer did not leave its group in time'));
  }

  health(): EventsHealth {
    if (this.#loop === undefined || this.#abort.signal.aborted) return { notReady: [], notLive: [] };
    const { group } = this.deps;
    const seconds = ({ ageMs }: Pulse) => `${Math.round(ageMs / 1_000)} s`;
    return {
      notReady: [
        ...this.#missing.map((topic) => `the topic ${topic} is missing`),
        ...(this.#poll.ageMs > READY_POLL_AGE_MS ? [`the consumer ${group} has asked for no events for ${seconds(this.#poll)}`] : []),
      ],
      notLive: this.#alive.ageMs > LIVE_SIGN_AGE_MS ? [`the consumer ${group} has given no sign of life for ${seconds(this.#alive)}`] : [],
    };
  }

  async #run(): Promise<void> {
    const { group: consumer, logger } = this.deps;
    while (!this.#abort.signal.aborted) {
      this.#alive.beat();
      try {
        const topics = await this.#existing();
        if (topics.length > 0) await this.#live(topics);
        else await this.#pause(TOPICS_LOOK_MS);
      } catch (cause) {
        if (this.#abort.signal.aborted) return;
        this.#failures++;
        this.#restarts.inc({ consumer });
        logger.warn({ err: brokerError(cause, { group: this.deps.groupId }), consumer, failures: this.#failures }, 'a consumer ended; another takes its place');
        await this.#pause(pauseBefore(this.#failures, RESTART));
      }
    }
  }

  /** Until a stop, or until a topic that was missing is there, or one is gone: kafkajs would ask for it again and again, and hold the others. */
  async #live(topics: readonly string[]): Promise<void> {
    const changed = new AbortController();
    const life = new ConsumerLife(this.deps.kafka, this.deps.groupId, {
      alive: this.#alive,
      poll: this.#poll,
      joined: () => (this.#failures = 0),
      isBrokerThere: () => this.deps.admin.existing([]).then(() => true, () => false),
    });
    const pressure = this.#pressureOn(life, topics);
    const look = setInterval(() => {
      this.#lastPoll.set({ consumer: this.deps.group }, this.#poll.atMs / 1_000);
      void this.#existing().then((existing) => (existing.length !== topics.length || existing.some((topic) => !topics.includes(topic))) && changed.abort(), () => undefined);
    }, TOPICS_LOOK_MS);
    try {
      await life.run(topics, async (payload) => this.#note(pressure, await this.#taker.take(payload)), AbortSignal.any([this.#abort.signal, changed.signal]));
    } finally {
      clearInterval(look);
      pressure.stop();
    }
  }

  #pressureOn(life: ConsumerLife, topics: readonly string[]): BackPressure {
    const { group: consumer, logger, backlog, backlogBounds } = this.deps;
    this.#paused.set({ consumer }, 0);
    const tell = (isPaused: boolean) => {
      this.#paused.set({ consumer }, isPaused ? 1 : 0);
      logger.info({ consumer }, isPaused ? 'too much waits in the inbox; nothing is fetched for now' : 'events are fetched again');
    };
    return new BackPressure({
      backlog: (atMost) => backlog(atMost),
      pause: () => {
        life.pause(topics);
        tell(true);
      },
      resume: () => {
        life.resume(topics);
        tell(false);
      },
      ...(backlogBounds === undefined ? {} : { bounds: backlogBounds }),
    });
  }

  /** The batch is safe by now: a backlog that cannot be read is read after the next one. */
  async #note(pressure: BackPressure, messages: number): Promise<void> {
    await pressure.note(messages).catch((error: unknown) => this.deps.logger.warn({ err: error, consumer: this.deps.group }, 'the backlog could not be read'));
  }

  /** As the brokers name them. */
  async #existing(): Promise<string[]> {
    const { admin, topics, topicPrefix, logger, group } = this.deps;
    const existing = await admin.existing(topics.map((topic) => `${topicPrefix}${topic}`));
    const missing = topics.filter((topic) => !existing.includes(`${topicPrefix}${topic}`));
    for (const topic of missing.filter((each) => !this.#missing.includes(each))) {
      logger.error({ err: new DomainError('EVENT_TOPIC_UNKNOWN', { topic: `${topicPrefix}${topic}` }), consumer: group }, 'a topic is missing; the others are consumed');
    }
    this.#missing = missing;
    return existing;
  }

  /** No figure rather than an old one where it cannot be read. */
  async #readLag(): Promise<void> {
    const { admin, groupId, group: consumer, topics, topicPrefix } = this.deps;
    const present = topics.filter((topic) => !this.#missing.includes(topic));
    const lags = await admin.lag(groupId, present.map((topic) => `${topicPrefix}${topic}`)).catch(() => undefined);
    for (const topic of topics) {
      const lag = lags?.get(`${topicPrefix}${topic}`);
      if (lag === undefined) this.#lag.remove({ consumer, topic });
      else this.#lag.set({ consumer, topic }, lag);
    }
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#abort.signal }).catch(() => undefined);
  }
}
