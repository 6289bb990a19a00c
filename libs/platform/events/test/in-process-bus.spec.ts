import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database, Migration } from '@stella/platform-database';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { DomainError } from '@stella/errors';
import { type AttachedEvents, type Event, EVENTS_MIGRATIONS, InProcessBus, type RetryPolicy } from '@stella/platform-events';
import { eventBusContract, FAST_RETRY } from '@stella/platform-events/testing';
import { createLogger, Metrics } from '@stella/platform-telemetry';

const TOPIC = 'stella.demo.thing-done.v1alpha';
const EFFECTS: Migration = { name: '0001_effects.sql', sql: 'CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL)' };
const logger = createLogger({ name: 'test', level: 'silent' });
let server: TestDatabase;
let a: Database;
let b: Database;
let started: AttachedEvents[] = [];

beforeAll(async () => {
  server = await startTestDatabase();
  [a, b] = await Promise.all(['a', 'b'].map((name) => server.service(name, [...EVENTS_MIGRATIONS, EFFECTS]))) as [Database, Database];
}, 60_000);
afterEach(async () => {
  await Promise.all(started.map((events) => events.stop()));
  started = [];
  for (const database of [a, b]) await database.execute('TRUNCATE outbox, inbox, effect');
}, 30_000);
afterAll(() => server?.stop(), 30_000);

const network = (retry: RetryPolicy = FAST_RETRY) => {
  const bus = new InProcessBus({ logger });
  const metrics = new Metrics();
  const [first, second] = [a, b].map((database, n) => bus.attach({ name: n === 0 ? 'a' : 'b', database, logger, metrics, retry })) as [AttachedEvents, AttachedEvents];
  started.push(first, second);
  return { bus, metrics, a: first, b: second };
};
const draft = (key: string, text: string) => ({ topic: TOPIC, tenant: 'acme', key, payload: Buffer.from(text) });
const record = { commit: async (event: Event, tx: { execute(text: string, values: unknown[]): Promise<number> }) => void (await tx.execute('INSERT INTO effect (what) VALUES ($1)', [`${event.key}:${Buffer.from(event.payload).toString()}`])) };
const effects = async () => (await b.query<{ what: string }>('SELECT what FROM effect ORDER BY n')).map((row) => row.what);
const startAll = (...all: AttachedEvents[]) => Promise.all(all.map((events) => events.start()));

eventBusContract({ test, expect }, async () => {
  const { bus, a: first, b: second } = network();
  return {
    a: first,
    b: second,
    tx: (work) => a.tx(work),
    settle: (timeoutMs) => bus.settle(timeoutMs),
    replay: async () => void (await a.execute(`WITH again AS (UPDATE outbox SET relayed_at = NULL) SELECT pg_notify('stella_events_a', '')`)),
  };
});

test('an effect and the mark that it was done are one transaction', async () => {
  const { bus, a: first, b: second } = network();
  let attempts = 0;
  second.subscribe({ topic: TOPIC }, {
    async commit(event, tx) {
      await record.commit(event, tx);
      if (++attempts === 1) throw new Error('after the effect');
    },
  });
  await startAll(first, second);
  await a.tx((tx) => first.append(tx, draft('k', '1')));
  await bus.settle();
  expect([await effects(), attempts]).toEqual([['k:1'], 2]);
});

test('transactions that commit in another order than they wrote lose nothing', async () => {
  const { bus, a: first, b: second } = network();
  second.subscribe({ topic: TOPIC }, record);
  await startAll(first, second);
  const written = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const slow = a.tx(async (tx) => {
    await first.append(tx, draft('k', 'slow'));
    written.resolve();
    await release.promise;
  });
  await written.promise;
  await a.tx((tx) => first.append(tx, draft('k', 'quick')));
  await delay(100);
  expect(await effects()).toEqual([]);
  release.resolve();
  await slow;
  await bus.settle();
  expect(await effects()).toEqual(['k:slow', 'k:quick']);
});

test('two processes of each service send and handle each event once, in order', async () => {
  const [one, two] = [network(), network()];
  for (const events of [one.b, two.b]) events.subscribe({ topic: TOPIC }, { commit: async (event, tx) => { await delay(Math.random() * 4); await record.commit(event, tx); } });
  await startAll(one.a, one.b, two.a, two.b);
  for (let n = 0; n < 20; n++) await a.tx(async (tx) => { for (const key of ['x', 'y', 'z']) await one.a.append(tx, draft(key, String(n))); });
  await one.bus.settle();
  const seen = await effects();
  for (const key of ['x', 'y', 'z']) expect(seen.filter((what) => what.startsWith(key))).toEqual(Array.from({ length: 20 }, (_, n) => `${key}:${n}`));
});

test('a backlog of more keys than are read at a time is worked off, each key in order', async () => {
  const { bus, a: first, b: second } = network();
  second.subscribe({ topic: TOPIC }, record);
  await a.tx(async (tx) => { for (let n = 0; n < 3; n++) for (let key = 0; key < 150; key++) await first.append(tx, draft(`key-${key}`, String(n))); });
  await startAll(first, second);
  await bus.settle();
  const seen = await effects();
  expect(seen).toHaveLength(450);
  for (let key = 0; key < 150; key++) expect(seen.filter((what) => what.startsWith(`key-${key}:`))).toEqual([`key-${key}:0`, `key-${key}:1`, `key-${key}:2`]);
}, 30_000);

test('lost connections are replaced and lose no event', async () => {
  const { bus, a: first, b: second } = network();
  second.subscribe({ topic: TOPIC }, record);
  await startAll(first, second);
  const cut = () => server.service('cutter').then(async () => {
    const { Client } = await import('pg');
    const client = new Client(server.administrator);
    await client.connect();
    await client.query(`SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name IN ('a', 'b')`);
    await client.end();
  });
  for (let n = 0; n < 10; n++) {
    await a.tx((tx) => first.append(tx, draft('k', String(n))));
    if (n % 4 === 1) await cut();
  }
  await bus.settle();
  expect(await effects()).toEqual(Array.from({ length: 10 }, (_, n) => `k:${n}`));
}, 30_000);

test('a handler that is told to stop gives its event back, uncounted, and the next start delivers it', async () => {
  const before = network();
  const begun = Promise.withResolvers<void>();
  before.b.subscribe({ topic: TOPIC }, {
    prepare: async (_event, signal) => {
      begun.resolve();
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
    commit: async () => undefined,
  });
  await startAll(before.a, before.b);
  await a.tx((tx) => before.a.append(tx, draft('k', '1')));
  await begun.promise;
  await Promise.all([before.a.stop(), before.b.stop()]);
  expect(await b.query('SELECT state, attempts, unended FROM inbox')).toEqual([{ state: 'waiting', attempts: 0, unended: 0 }]);
  const after = network();
  after.b.subscribe({ topic: TOPIC }, record);
  await startAll(after.a, after.b);
  await after.bus.settle();
  expect(await effects()).toEqual(['k:1']);
}, 30_000);

test('a part that is down costs no event: unavailability has attempts of its own', async () => {
  const { bus, a: first, b: second } = network();
  let attempts = 0;
  second.subscribe({ topic: TOPIC }, {
    async commit(event, tx) {
      if (++attempts <= FAST_RETRY.attemptsMax + 2) throw new DomainError('UNAVAILABLE');
      await record.commit(event, tx);
    },
  });
  await startAll(first, second);
  await a.tx((tx) => first.append(tx, draft('k', '1')));
  await bus.settle();
  expect([await effects(), await second.deadLetters(1)]).toEqual([['k:1'], []]);
});

test('settle tells what still waits', async () => {
  const { bus, a: first, b: second } = network();
  const release = Promise.withResolvers<void>();
  second.subscribe({ topic: TOPIC }, { prepare: () => release.promise, commit: async () => undefined });
  await startAll(first, second);
  await a.tx((tx) => first.append(tx, draft('k', '1')));
  await expect(bus.settle(100)).rejects.toMatchObject({ reason: 'EVENTS_NOT_SETTLED', facts: { b: '0 to send, 1 to handle' } });
  release.resolve();
  await bus.settle();
});

test('metrics count what was sent, done, failed and given up', async () => {
  const { bus, metrics, a: first, b: second } = network();
  second.subscribe({ topic: TOPIC }, { commit: async (event) => { if (event.key === 'bad') throw new Error('no'); } });
  await startAll(first, second);
  for (const key of ['good', 'bad']) await a.tx((tx) => first.append(tx, draft(key, '1')));
  await bus.settle();
  const text = await metrics.text();
  expect(text).toContain(`events_relayed_total{topic="${TOPIC}"} 2`);
  for (const [outcome, count] of [['done', 1], ['failed', FAST_RETRY.attemptsMax - 1], ['dead', 1]] as const) {
    expect(text).toContain(`events_handled_total{consumer="b",topic="${TOPIC}",outcome="${outcome}"} ${count}`);
  }
});

const crash = async (mode: string): Promise<void> => {
  const loader = join(import.meta.dirname, '../../database/test/source-loader.mjs');
  const words = ['--conditions=@stella/source', '--import', loader, join(import.meta.dirname, 'crashing-process.ts'), JSON.stringify(server.administrator), mode];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  expect([code, signal]).toEqual([null, 'SIGKILL']);
};

test('a process killed at any moment neither loses nor doubles an event', async () => {
  const { a: quiet } = network();
  for (let n = 0; n < 60; n++) await a.tx((tx) => quiet.append(tx, draft(`k${n % 3}`, String(n))));
  for (let round = 0; round < 3; round++) await crash('midway');
  const done = (await effects()).length;
  expect(done).toBeGreaterThan(0);
  const { bus, a: first, b: second } = network();
  second.subscribe({ topic: TOPIC }, record);
  await startAll(first, second);
  await bus.settle();
  const seen = await effects();
  for (const key of [0, 1, 2]) expect(seen.filter((what) => what.startsWith(`k${key}`))).toEqual(Array.from({ length: 20 }, (_, n) => `k${key}:${n * 3 + key}`));
}, 60_000);

test('an event that kills its process each time is given up', async () => {
  const { a: quiet } = network();
  await a.tx((tx) => quiet.append(tx, draft('deadly', '1')));
  for (let round = 0; round < FAST_RETRY.attemptsMax; round++) await crash('deadly');
  const { bus, a: first, b: second } = network();
  second.subscribe({ topic: TOPIC }, { commit: async () => process.kill(process.pid, 'SIGKILL') as never });
  await startAll(first, second);
  await bus.settle();
  expect(await second.deadLetters(5)).toMatchObject([{ event: { key: 'deadly' }, error: 'the process ended each time it was handled' }]);
}, 60_000);
