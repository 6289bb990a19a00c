import { isDomainError } from '@stella/errors';
import type { Database, Tx } from '@stella/platform-database';
import { type Logger, type Metrics, span, withTraceparent } from '@stella/platform-telemetry';
import { type Death, describe } from './dead-letter.js';
import type { Event, EventHandler } from './event-bus.js';
import type { Inbox, Key, Received, Wanted } from './inbox.js';
import { ABORT_TIMEOUT_MS, DRAIN_TIMEOUT_MS, HEADS_BATCH, pauseBefore, POLL_MS, RETRY, RETRY_LOOK_MS, type RetryPolicy } from './limits.js';
import { Pulse } from './pulse.js';
import type { EventSession } from './session.js';
import { Bell } from './wake.js';

const START: Key = { source: '', key: '' };

/** One topic of a consumer group. */
export interface Route {
  readonly topic: string;
  readonly concurrency: number;
  readonly handler: EventHandler<unknown>;
}

export interface ConsumerDeps {
  readonly database: Database;
  readonly inbox: Inbox;
  readonly session: EventSession;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly retry?: RetryPolicy;
  /** Tells others of a dead letter, in the transaction in which it becomes one. */
  tellDead?(tx: Tx, event: Event, death: Death): Promise<void>;
}

/**
 * Handles what waits in the inbox for one group: keys side by side, the events of a key one after the other, here and in
 * every other process of the service. An event that keeps failing becomes a dead letter and its key goes on.
 */
export class Consumer {
  readonly pulse = new Pulse();
  readonly #routes = new Map<string, Route>();
  readonly #atWork = new Map<string, { readonly topic: string; readonly work: Promise<void> }>();
  readonly #bell = new Bell();
  readonly #abort = new AbortController();
  readonly #handled;
  readonly #seconds;
  /** First events of keys that were read and had no room yet. */
  readonly #ready: Received[] = [];
  #after: Key = START;
  #stopping = false;
  #loop: Promise<void> | undefined;
  #retriesMs: number[] = [];

  constructor(
    readonly group: string,
    private readonly deps: ConsumerDeps,
  ) {
    this.#handled = deps.metrics.counter('events_handled_total', 'Attempts to handle an event, by outcome: done, failed or dead.', ['consumer', 'topic', 'outcome']);
    this.#seconds = deps.metrics.histogram('events_handling_seconds', 'Time to handle an event.', ['consumer', 'topic']);
  }

  get topics(): readonly string[] {
    return [...this.#routes.keys()];
  }

  /** False if the topic is taken. */
  add(route: Route): boolean {
    if (this.#routes.has(route.topic)) return false;
    this.#routes.set(route.topic, route);
    return true;
  }

  ring(): void {
    this.#bell.ring();
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Takes nothing new, lets handlers finish, then tells them to give up, then leaves them: their effects cannot be committed twice. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.ring();
    await this.#loop;
    if (await this.#idleWithin(DRAIN_TIMEOUT_MS)) return;
    this.#abort.abort(new Error('the consumer stops'));
    if (!(await this.#idleWithin(ABORT_TIMEOUT_MS))) this.deps.logger.warn({ consumer: this.group, count: this.#atWork.size }, 'event handlers did not stop in time');
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping) {
      this.pulse.beat();
      try {
        const isMore = await this.#beginDue();
        failures = 0;
        if (!isMore) await this.#bell.wait(this.#pauseMs());
      } catch (error) {
        failures++;
        this.deps.logger.warn({ err: error, consumer: this.group, failures }, 'the inbox could not be read; trying again');
        await this.#bell.wait(pauseBefore(failures, RETRY));
      }
    }
  }

  /** True if another look is worth it at once; the end of a handler's work rings for itself. */
  async #beginDue(): Promise<boolean> {
    const isMore = await this.#refill();
    const wanted: Wanted[] = [];
    for (const received of this.#ready.splice(0)) {
      const { topic } = received.event;
      const lock = this.#lockOf(received);
      if (this.#atWork.has(lock)) continue;
      if (this.#stopping || !this.#hasRoom(topic, wanted.filter(({ event }) => event.topic === topic).length)) this.#ready.push(received);
      else wanted.push({ ...received, lock });
    }
    const isStale = wanted.length > 0 && (await this.#begin(wanted));
    return isMore || isStale || this.#ready.some(({ event }) => this.#hasRoom(event.topic));
  }

  /** Reads the next keys round the circle for topics that have room and nothing ready. True if there are more. */
  async #refill(): Promise<boolean> {
    const topics = this.topics.filter((topic) => this.#hasRoom(topic) && !this.#ready.some(({ event }) => event.topic === topic));
    if (topics.length === 0) return false;
    const heads = await this.deps.inbox.heads(this.group, topics, this.#after, HEADS_BATCH);
    this.#ready.push(...heads);
    const last = heads.length === HEADS_BATCH ? heads.at(-1) : undefined;
    const wasAtStart = this.#after === START;
    this.#after = last?.event ?? START;
    return last !== undefined || !wasAtStart;
  }

  /** True if some were read too long ago. */
  async #begin(wanted: readonly Wanted[]): Promise<boolean> {
    const { inbox, session } = this.deps;
    const { begun, isStale, generation } = await inbox.begin(session, wanted);
    for (const { lock, ...received } of wanted.filter(({ position }) => begun.has(position))) {
      const work = this.#handle({ ...received, attempts: received.attempts + 1 }).finally(() => {
        session.unlock(lock, generation);
        this.#atWork.delete(lock);
        this.ring();
      });
      this.#atWork.set(lock, { topic: received.event.topic, work });
    }
    return isStale;
  }

  #hasRoom(topic: string, wanted = 0): boolean {
    const concurrency = this.#routes.get(topic)?.concurrency ?? 0;
    return [...this.#atWork.values()].filter((at) => at.topic === topic).length + wanted < concurrency;
  }

  async #handle(received: Received): Promise<void> {
    const { event, position } = received;
    const { inbox, database, logger } = this.deps;
    const policy = this.deps.retry ?? RETRY;
    const labels = { consumer: this.group, topic: event.topic };
    const end = this.#seconds.startTimer(labels);
    try {
      if (received.unended >= policy.attemptsMax) return await this.#bury(received, 'the process ended each time it was handled');
      const handler = this.#routes.get(event.topic)?.handler;
      if (handler === undefined) throw new Error('nobody handles this topic');
      await withTraceparent(event.traceparent, () =>
        span(
          `process ${event.topic}`,
          processing(event, this.group),
          async () => {
            const prepared = await handler.prepare?.(event, this.#abort.signal);
            await database.tx(async (tx) => {
              if (await inbox.finish(tx, position)) await handler.commit(event, tx, prepared);
            });
          },
          { kind: 'consumer' },
        ),
      );
      this.#handled.inc({ ...labels, outcome: 'done' });
    } catch (error) {
      await this.#failed(received, error).catch((cause: unknown) => logger.error({ err: cause, ...labels, id: event.id }, 'a failed event could not be noted; it will be tried again'));
    } finally {
      end();
    }
  }

  async #failed(received: Received, error: unknown): Promise<void> {
    const { inbox, logger } = this.deps;
    const policy = this.deps.retry ?? RETRY;
    const { position, attempts, event } = received;
    const facts = { consumer: this.group, topic: event.topic, id: event.id, key: event.key, attempts };
    if (this.#abort.signal.aborted) return inbox.giveBack(position);
    const isUnavailable = isDomainError(error) && error.kind === 'unavailable';
    const attemptsMax = isUnavailable ? policy.attemptsMaxWhenUnavailable : policy.attemptsMax;
    if (attempts >= attemptsMax) {
      logger.error({ err: error, ...facts }, 'an event was given up; it is a dead letter');
      return this.#bury(received, error);
    }
    this.#handled.inc({ consumer: this.group, topic: event.topic, outcome: 'failed' });
    logger.warn({ err: error, ...facts }, 'an event failed and is tried again');
    const pauseMs = pauseBefore(attempts, policy);
    await inbox.retryLater(position, describe(error), pauseMs);
    this.#retriesMs.push(Date.now() + pauseMs);
  }

  async #bury({ position, event, attempts }: Received, error: unknown): Promise<void> {
    const { database, inbox } = this.deps;
    const death = { consumer: this.group, error, attempts, at: new Date() };
    await database.tx(async (tx) => {
      if (await inbox.bury(tx, position, describe(error))) await this.deps.tellDead?.(tx, event, death);
    });
    this.#handled.inc({ consumer: this.group, topic: event.topic, outcome: 'dead' });
  }

  /** Until a retry is due that was decided on here, or a look round for those of processes that are gone. */
  #pauseMs(): number {
    const nowMs = Date.now();
    // The database's clock says when it is due: looked for a little longer than ours says.
    this.#retriesMs = this.#retriesMs.filter((dueMs) => dueMs + RETRY_LOOK_MS > nowMs);
    const dueMs = Math.min(...this.#retriesMs);
    return Math.min(Math.max(dueMs - nowMs, RETRY_LOOK_MS / 10), POLL_MS);
  }

  async #idleWithin(timeoutMs: number): Promise<boolean> {
    const idle = Promise.allSettled([...this.#atWork.values()].map((at) => at.work)).then(() => true);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, timeoutMs, false)));
    try {
      return await Promise.race([idle, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #lockOf({ event }: Received): string {
    return `consumer ${this.group} ${event.source} ${event.key}`;
  }
}

/** OpenTelemetry's semantic conventions of messaging. */
function processing(event: Event, group: string): Record<string, string> {
  return {
    'messaging.operation.type': 'process',
    'messaging.destination.name': event.topic,
    'messaging.consumer.group.name': group,
    'messaging.message.id': event.id,
  };
}
