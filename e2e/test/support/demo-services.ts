import type { Database } from '@stella/platform-database';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { type AttachedEvents, EVENTS_MIGRATIONS, KafkaBus, type KafkaBusOptions, type KafkaConnection, type RetryPolicy } from '@stella/platform-events';
import { EFFECTS, FAST_RETRY } from '@stella/platform-events/testing';
import { createLogger, type Logger, Metrics } from '@stella/platform-telemetry';

/** Both services of a process. */
export interface DemoProcess {
  readonly a: AttachedEvents;
  readonly b: AttachedEvents;
  readonly metrics: Metrics;
  settle(timeoutMs?: number): Promise<void>;
}

export interface DemoProcessOptions extends Partial<Pick<KafkaBusOptions, 'backlogBounds'>> {
  readonly connection: KafkaConnection;
  readonly retry?: RetryPolicy;
  readonly logger?: Logger;
}

/** Two services with a database each, `a` which tells and `b` which hears and keeps effects, in as many processes as wanted. */
export class DemoServices {
  readonly #started: AttachedEvents[] = [];

  private constructor(
    readonly server: TestDatabase,
    readonly a: Database,
    readonly b: Database,
  ) {}

  static async create(): Promise<DemoServices> {
    const server = await startTestDatabase();
    const [a, b] = (await Promise.all(['a', 'b'].map((name) => server.service(name, [...EVENTS_MIGRATIONS, EFFECTS])))) as [Database, Database];
    return new DemoServices(server, a, b);
  }

  /** As another process of both, in this one. */
  process({ connection, backlogBounds, retry = FAST_RETRY, logger = silent }: DemoProcessOptions): DemoProcess {
    const bus = new KafkaBus({ connection, logger, ...(backlogBounds === undefined ? {} : { backlogBounds }) });
    const metrics = new Metrics();
    const [a, b] = (['a', 'b'] as const).map((name) => bus.attach({ name, database: this[name], logger, metrics, retry })) as [AttachedEvents, AttachedEvents];
    this.#started.push(a, b);
    return { a, b, metrics, settle: (timeoutMs) => bus.settle(timeoutMs ?? SETTLE_TIMEOUT_MS) };
  }

  /** Between tests: everything stops, nothing stays. */
  async clear(): Promise<void> {
    await Promise.all(this.#started.splice(0).map((events) => events.stop()));
    for (const database of [this.a, this.b]) await database.execute('TRUNCATE outbox, inbox, effect');
  }

  async stop(): Promise<void> {
    await this.clear();
    await this.server.stop();
  }
}

/** Joining a group takes a while on a busy machine. */
const SETTLE_TIMEOUT_MS = 60_000;
const silent = createLogger({ name: 'test', level: 'silent' });
