import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import type { Database, Migration, Sql } from '@stella/platform-database';
import type { Metrics } from '@stella/platform-telemetry';
import type { AttachedEvents } from '../attached-events.js';
import type { Event, EventDraft, EventHandler } from '../event-bus.js';
import type { RetryPolicy } from '../limits.js';
import { FAST_RETRY, type Runner } from './event-bus-contract.js';

/** What a process of the system has: both services on the suite's databases. */
export interface DurableProcess {
  readonly a: AttachedEvents;
  readonly b: AttachedEvents;
  readonly metrics: Metrics;
  settle(timeoutMs?: number): Promise<void>;
}

/** What a suite needs of a bus whose events are in databases. */
export interface DurableHarness {
  /** The services' databases, as `EVENTS_MIGRATIONS` and `EFFECTS` made them; empty at the start of each test. */
  databases(): { readonly a: Database; readonly b: Database };
  /** Another process, in this one; stopped after the test. Where nobody says otherwise it retries as `FAST_RETRY` says. */
  process(retry?: RetryPolicy): DurableProcess;
  /** Ends every connection of both services' databases. */
  cutConnections(): Promise<void>;
  /**
   * Runs both services as a process of its own, in which b writes its effects, until it kills itself: `midway` after a
   * random while, `deadly` in the handler of b. Rejects if it ended otherwise.
   */
  crash(mode: 'midway' | 'deadly'): Promise<void>;
}

export const TOPIC = 'stella.demo.thing-done.v1alpha';
/** `by`: the connection's name. */
export const EFFECTS: Migration = {
  name: '0001_effects.sql',
  sql: "CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL, by text NOT NULL DEFAULT current_setting('application_name'))",
};

export const demoDraft = (key: string, text: string): EventDraft => ({ topic: TOPIC, tenant: 'acme', key, payload: Buffer.from(text) });

/** Writes `key:text` to the effects, in the handler's transaction. */
export async function recordEffect(event: Event, sql: Sql): Promise<void> {
  await sql.execute('INSERT INTO effect (what) VALUES ($1)', [`${event.key}:${Buffer.from(event.payload).toString()}`]);
}

export async function effectsIn(database: Sql): Promise<string[]> {
  return (await database.query<{ what: string }>('SELECT what FROM effect ORDER BY n')).map(({ what }) => what);
}

const RECORD: EventHandler = { commit: recordEffect };
const numbered = (key: string, count: number, text = (n: number) => String(n)) => Array.from({ length: count }, (_, n) => `${key}:${text(n)}`);
const startAll = (...all: AttachedEvents[]) => Promise.all(all.map((events) => events.start()));
const reasonOf = async (work: Promise<unknown>) => work.then(() => 'none', (error: { reason?: string; message: string }) => error.reason ?? error.message);

/** Every carrier of events from one database to another passes this, beside the contract of every bus. */
export function durableBusContract({ test, expect }: Runner, harness: DurableHarness): void {
  const append = (events: AttachedEvents, key: string, text: string) => harness.databases().a.tx((tx) => events.append(tx, demoDraft(key, text)));
  const effects = () => effectsIn(harness.databases().b);

  test('an effect and the mark that it was done are one transaction', async () => {
    const { settle, a, b } = harness.process();
    let attempts = 0;
    b.subscribe({ topic: TOPIC }, {
      async commit(event, tx) {
        await recordEffect(event, tx);
        if (++attempts === 1) throw new Error('after the effect');
      },
    });
    await startAll(a, b);
    await append(a, 'k', '1');
    await settle();
    expect([await effects(), attempts]).toEqual([['k:1'], 2]);
  });

  test('transactions that commit in another order than they wrote lose nothing', async () => {
    const { settle, a, b } = harness.process();
    b.subscribe({ topic: TOPIC }, RECORD);
    await startAll(a, b);
    const written = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const slow = harness.databases().a.tx(async (tx) => {
      await a.append(tx, demoDraft('k', 'slow'));
      written.resolve();
      await release.promise;
    });
    await written.promise;
    await append(a, 'k', 'quick');
    await delay(100);
    expect(await effects()).toEqual([]);
    release.resolve();
    await slow;
    await settle();
    expect(await effects()).toEqual(['k:slow', 'k:quick']);
  });

  test('two processes of each service send and handle each event once, in order', async () => {
    const [one, two] = [harness.process(), harness.process()];
    for (const { b } of [one, two]) b.subscribe({ topic: TOPIC }, { commit: async (event, tx) => { await delay(Math.random() * 4); await recordEffect(event, tx); } });
    await startAll(one.a, one.b, two.a, two.b);
    for (let n = 0; n < 20; n++) await harness.databases().a.tx(async (tx) => { for (const key of ['x', 'y', 'z']) await one.a.append(tx, demoDraft(key, String(n))); });
    await one.settle();
    const seen = await effects();
    for (const key of ['x', 'y', 'z']) expect(seen.filter((what) => what.startsWith(key))).toEqual(numbered(key, 20));
  });

  test('a backlog of more keys than are read at a time is worked off, each key in order', async () => {
    const { settle, a, b } = harness.process();
    b.subscribe({ topic: TOPIC }, RECORD);
    await harness.databases().a.tx(async (tx) => { for (let n = 0; n < 3; n++) for (let key = 0; key < 150; key++) await a.append(tx, demoDraft(`key-${key}`, String(n))); });
    await startAll(a, b);
    await settle();
    const seen = await effects();
    expect(seen.length).toBe(450);
    for (let key = 0; key < 150; key++) expect(seen.filter((what) => what.startsWith(`key-${key}:`))).toEqual(numbered(`key-${key}`, 3));
  });

  test('lost connections to the database are replaced and lose no event', async () => {
    const { settle, a, b } = harness.process();
    b.subscribe({ topic: TOPIC }, RECORD);
    await startAll(a, b);
    for (let n = 0; n < 10; n++) {
      await append(a, 'k', String(n));
      if (n % 4 === 1) await harness.cutConnections();
    }
    await settle();
    expect(await effects()).toEqual(numbered('k', 10));
  });

  test('a handler that is told to stop gives its event back, uncounted, and the next start delivers it', async () => {
    const before = harness.process();
    const begun = Promise.withResolvers<void>();
    before.b.subscribe({ topic: TOPIC }, {
      prepare: async (_event, signal) => {
        begun.resolve();
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
      commit: async () => undefined,
    });
    await startAll(before.a, before.b);
    await append(before.a, 'k', '1');
    await begun.promise;
    await Promise.all([before.a.stop(), before.b.stop()]);
    expect(await harness.databases().b.query('SELECT state, attempts, unended FROM inbox')).toEqual([{ state: 'waiting', attempts: 0, unended: 0 }]);
    const after = harness.process();
    after.b.subscribe({ topic: TOPIC }, RECORD);
    await startAll(after.a, after.b);
    await after.settle();
    expect(await effects()).toEqual(['k:1']);
  });

  test('a part that is down costs no event: unavailability has attempts of its own', async () => {
    const { settle, a, b } = harness.process();
    let attempts = 0;
    b.subscribe({ topic: TOPIC }, {
      async commit(event, tx) {
        if (++attempts <= FAST_RETRY.attemptsMax + 2) throw new DomainError('UNAVAILABLE');
        await recordEffect(event, tx);
      },
    });
    await startAll(a, b);
    await append(a, 'k', '1');
    await settle();
    expect([await effects(), await b.deadLetters(1)]).toEqual([['k:1'], []]);
  });

  test('settle tells what still waits', async () => {
    const { settle, a, b } = harness.process();
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    b.subscribe({ topic: TOPIC }, { prepare: async () => { begun.resolve(); await release.promise; }, commit: async () => undefined });
    await startAll(a, b);
    await append(a, 'k', '1');
    await begun.promise;
    expect(await reasonOf(settle(100))).toBe('EVENTS_NOT_SETTLED');
    release.resolve();
    await settle();
  });

  test('metrics count what was sent, done, failed and given up', async () => {
    const { settle, metrics, a, b } = harness.process();
    b.subscribe({ topic: TOPIC }, { commit: async (event) => { if (event.key === 'bad') throw new Error('no'); } });
    await startAll(a, b);
    for (const key of ['good', 'bad']) await append(a, key, '1');
    await settle();
    const text = await metrics.text();
    expect(text.includes(`events_relayed_total{topic="${TOPIC}"} 2`)).toBe(true);
    for (const [outcome, count] of [['done', 1], ['failed', FAST_RETRY.attemptsMax - 1], ['dead', 1]] as const) {
      expect(text.includes(`events_handled_total{consumer="b",topic="${TOPIC}",outcome="${outcome}"} ${count}`)).toBe(true);
    }
  });

  test('a process killed at any moment neither loses nor doubles an event', async () => {
    const { a: quiet } = harness.process();
    for (let n = 0; n < 60; n++) await append(quiet, `k${n % 3}`, String(n));
    for (let round = 0; round < 3; round++) await harness.crash('midway');
    expect((await effects()).length > 0).toBe(true);
    const { settle, a, b } = harness.process();
    b.subscribe({ topic: TOPIC }, RECORD);
    await startAll(a, b);
    await settle();
    const seen = await effects();
    for (const key of [0, 1, 2]) expect(seen.filter((what) => what.startsWith(`k${key}`))).toEqual(numbered(`k${key}`, 20, (n) => String(n * 3 + key)));
  });

  test('an event that kills its process each time is given up', async () => {
    const { a: quiet } = harness.process();
    await append(quiet, 'deadly', '1');
    for (let round = 0; round < FAST_RETRY.attemptsMax; round++) await harness.crash('deadly');
    const { settle, a, b } = harness.process();
    b.subscribe({ topic: TOPIC }, { commit: async () => globalThis.process.kill(globalThis.process.pid, 'SIGKILL') as never });
    await startAll(a, b);
    await settle();
    const letters = await b.deadLetters(5);
    expect(letters.map(({ event, error }) => [event.key, error])).toEqual([['deadly', 'the process ended each time it was handled']]);
  });
}
