import { join } from 'node:path';
import type { Database } from '@stella/platform-database';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { type AttachedEvents, EVENTS_MIGRATIONS, InProcessBus } from '@stella/platform-events';
import { demoDraft, durableBusContract, EFFECTS, eventBusContract, FAST_RETRY, TOPIC } from '@stella/platform-events/testing';
import { createLogger, Metrics } from '@stella/platform-telemetry';
import { cutConnections, runUntilKilled } from './durable-support.js';

const logger = createLogger({ name: 'test', level: 'silent' });
let server: TestDatabase;
let a: Database;
let b: Database;
let started: AttachedEvents[] = [];

beforeAll(async () => {
  server = await startTestDatabase();
  [a, b] = (await Promise.all(['a', 'b'].map((name) => server.service(name, [...EVENTS_MIGRATIONS, EFFECTS])))) as [Database, Database];
}, 60_000);
afterEach(async () => {
  await Promise.all(started.map((events) => events.stop()));
  started = [];
  for (const database of [a, b]) await database.execute('TRUNCATE outbox, inbox, effect');
}, 30_000);
afterAll(() => server?.stop(), 30_000);

const process = (retry = FAST_RETRY) => {
  const bus = new InProcessBus({ logger });
  const metrics = new Metrics();
  const [first, second] = [a, b].map((database, n) => bus.attach({ name: n === 0 ? 'a' : 'b', database, logger, metrics, retry })) as [AttachedEvents, AttachedEvents];
  started.push(first, second);
  return { metrics, a: first, b: second, settle: (timeoutMs?: number) => bus.settle(timeoutMs) };
};

eventBusContract({ test, expect }, async () => ({
  ...process(),
  tx: (work) => a.tx(work),
  replay: async () => void (await a.execute(`WITH again AS (UPDATE outbox SET relayed_at = NULL) SELECT pg_notify('stella_events_a', '')`)),
}));

durableBusContract({ test, expect }, {
  databases: () => ({ a, b }),
  process,
  cutConnections: () => cutConnections(server.administrator),
  crash: (mode) => runUntilKilled(join(import.meta.dirname, 'crashing-process.ts'), [JSON.stringify(server.administrator), mode]),
});

test('settle names the service and what waits for it', async () => {
  const { settle, a: first, b: second } = process();
  const release = Promise.withResolvers<void>();
  second.subscribe({ topic: TOPIC }, { prepare: () => release.promise, commit: async () => undefined });
  await Promise.all([first.start(), second.start()]);
  await a.tx((tx) => first.append(tx, demoDraft('k', '1')));
  await expect(settle(3_000)).rejects.toMatchObject({ reason: 'EVENTS_NOT_SETTLED', facts: { b: '0 to send, 1 to handle' } });
  release.resolve();
  await settle();
});

test('no copy of a dead letter is made where nobody carries it', async () => {
  const { settle, a: first, b: second } = process();
  second.subscribe({ topic: TOPIC }, { commit: async () => Promise.reject(new Error('no')) });
  await Promise.all([first.start(), second.start()]);
  await a.tx((tx) => first.append(tx, demoDraft('k', '1')));
  await settle();
  expect(await second.deadLetters(5)).toHaveLength(1);
  expect(await b.query('SELECT 1 FROM outbox')).toEqual([]);
});
