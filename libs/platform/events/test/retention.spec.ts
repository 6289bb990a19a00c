import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@stella/platform-database';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { type Event, type EventRetention, EVENTS_MIGRATIONS } from '@stella/platform-events';
import { EFFECTS, effectsIn, FAST_RETRY, recordEffect, TOPIC } from '@stella/platform-events/testing';
import { createLogger, Metrics } from '@stella/platform-telemetry';
import { DUPLICATES_AFTER_TOPIC_MS, TOPIC_RETENTION_MS } from '../src/limits.js';
import { Outbox } from '../src/outbox.js';
import { SqlEvents } from '../src/sql-events.js';

const DAY_MS = 86_400_000;
const SHORTEST_MS = TOPIC_RETENTION_MS + DUPLICATES_AFTER_TOPIC_MS;
const logger = createLogger({ name: 'test', level: 'silent' });
let server: TestDatabase;
let database: Database;
const running: SqlEvents[] = [];

beforeAll(async () => {
  server = await startTestDatabase();
  database = await server.service('a', [...EVENTS_MIGRATIONS, EFFECTS]);
}, 60_000);
afterEach(async () => {
  await stopAll();
  await database.execute('TRUNCATE outbox, inbox, effect');
}, 30_000);
afterAll(() => server?.stop(), 30_000);

const eventOf = (text: string): Event => ({ id: randomUUID(), source: '/stella/b', topic: TOPIC, tenant: 'acme', key: 'k', time: new Date(), traceparent: undefined, payload: Buffer.from(text) });
const stopAll = () => Promise.all(running.splice(0).map((each) => each.stop()));
async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await delay(5);
}

/** A process of the service; what says `bad` is given up. */
async function start(retention?: EventRetention): Promise<{ events: SqlEvents; metrics: Metrics }> {
  const metrics = new Metrics();
  const retry = { ...FAST_RETRY, attemptsMax: 1 };
  const events = new SqlEvents({ name: 'a', database, logger, metrics, retry, ...(retention && { retention }) }, { publish: async () => [], hasDeadLetterTopics: false });
  events.subscribe({ topic: TOPIC }, {
    async commit(event, tx) {
      if (Buffer.from(event.payload).toString() === 'bad') throw new Error('no');
      await recordEffect(event, tx);
    },
  });
  running.push(events);
  await events.start();
  return { events, metrics };
}
const done = (events: SqlEvents) => until(async () => (await events.waiting()).inbox === 0);
const age = (table: 'inbox' | 'outbox', column: 'settled_at' | 'relayed_at', id: string, days: number) => database.execute(`UPDATE ${table} SET ${column} = now() - make_interval(secs => $2) WHERE id = $1`, [id, days * 86_400]);
const idsIn = async (table: 'inbox' | 'outbox') => (await database.query<{ id: string }>(`SELECT id FROM ${table} ORDER BY position`)).map(({ id }) => id);
const total = async (metrics: Metrics, name: string) => (await metrics.text()).split('\n').filter((line) => line.startsWith(`${name}{`));

async function sent(days: number, refusal: string | null = null): Promise<string> {
  const id = randomUUID();
  await database.execute(
    `INSERT INTO outbox (id, topic, tenant, key, occurred_at, payload, relayed_at, refusal) VALUES ($1, $2, 'acme', 'k', now(), '', now() - make_interval(secs => $3), $4)`,
    [id, TOPIC, days * 86_400, refusal],
  );
  return id;
}

test('what is older than a shorter setting goes, what is younger and what waits stays, dead letters are kept for ever', async () => {
  const { events } = await start();
  const [old, young, dead] = [eventOf('1'), eventOf('2'), eventOf('bad')];
  await events.accept([old, young, dead]);
  await done(events);
  await stopAll();
  for (const [event, days] of [[old, 16], [young, 14], [dead, 4_000]] as const) await age('inbox', 'settled_at', event.id, days);
  const [, youngSent, refused] = [await sent(16), await sent(14), await sent(4_000, 'too large')];
  const waits = randomUUID();
  await database.execute(`INSERT INTO inbox (consumer, source, id, topic, tenant, key, occurred_at, payload) VALUES ('nobody', '/stella/b', $1, 't', 'acme', 'k', now() - interval '99 days', '')`, [waits]);

  await start();
  await delay(300);
  expect((await idsIn('inbox')).length + (await idsIn('outbox')).length).toBe(7);
  await stopAll();

  const { metrics } = await start({ handledMs: SHORTEST_MS });
  await until(async () => (await idsIn('inbox')).length === 3 && (await idsIn('outbox')).length === 2);
  expect([await idsIn('inbox'), await idsIn('outbox')]).toEqual([[young.id, dead.id, waits], [youngSent, refused]]);
  await stopAll();
  expect(await total(metrics, 'housekeeping_removed_total')).toEqual(['housekeeping_removed_total{service="a",kind="sent events"} 1', 'housekeeping_removed_total{service="a",kind="handled events"} 1']);
  expect(await total(metrics, 'events_dead_letters_removed_total')).toEqual([]);
}, 30_000);

test('dead letters that nobody took go when they are told to, and are counted; one that was handed out again stays', async () => {
  const { events } = await start();
  const [old, young, again] = [eventOf('bad'), eventOf('bad'), eventOf('bad')];
  await events.accept([old, young, again]);
  await done(events);
  await stopAll();
  for (const [event, days] of [[old, 31], [young, 29], [again, 31]] as const) await age('inbox', 'settled_at', event.id, days);
  const [, youngRefused] = [await sent(31, 'too large'), await sent(29, 'too large')];
  await database.execute(`UPDATE inbox SET state = 'waiting', settled_at = NULL, next_attempt_at = now() + interval '1 day' WHERE id = $1`, [again.id]);

  const { metrics } = await start({ handledMs: SHORTEST_MS, deadLettersMs: 30 * DAY_MS });
  await until(async () => (await idsIn('inbox')).length === 2 && (await idsIn('outbox')).length === 1);
  expect([await idsIn('inbox'), await idsIn('outbox')]).toEqual([[young.id, again.id], [youngRefused]]);
  await stopAll();
  expect((await total(metrics, 'events_dead_letters_removed_total')).sort()).toEqual([`events_dead_letters_removed_total{consumer="a",topic="${TOPIC}"} 1`, `events_dead_letters_removed_total{consumer="relay",topic="${TOPIC}"} 1`]);
}, 30_000);

test('whatever the topic may still bring is handled once with the shortest settings; of what is older nothing is known', async () => {
  const retention = { handledMs: SHORTEST_MS, deadLettersMs: SHORTEST_MS };
  const first = await start(retention);
  const [known, knownDead, forgotten] = [eventOf('known'), eventOf('bad'), eventOf('forgotten')];
  await first.events.accept([known, knownDead, forgotten]);
  await done(first.events);
  await stopAll();
  // As old as an event may get in a topic: its segment was filled for seven days, and kept for seven more.
  for (const { id } of [known, knownDead]) await age('inbox', 'settled_at', id, 14);
  await age('inbox', 'settled_at', forgotten.id, 15.1);

  const second = await start(retention);
  await until(async () => (await idsIn('inbox')).length === 2);
  await second.events.accept([known, knownDead]);
  await second.events.accept([known, knownDead]);
  await done(second.events);
  expect([await effectsIn(database), (await second.events.deadLetters(10)).length]).toEqual([['k:known', 'k:forgotten'], 1]);
  // Which is why the setting has its bound.
  await second.events.accept([forgotten]);
  await done(second.events);
  expect(await effectsIn(database)).toEqual(['k:known', 'k:forgotten', 'k:forgotten']);
}, 30_000);

test('two processes that forget at once get in nobody\'s way, and a statement takes no more than it is told', async () => {
  for (let n = 0; n < 30; n++) await sent(31 + n);
  const outbox = new Outbox(database, '/stella/a', () => new Date());
  const counts = await Promise.all([1, 2, 3].map(() => outbox.forgetSent(30 * DAY_MS, 10)));
  expect(Math.max(...counts)).toBeLessThanOrEqual(10);
  const left = 30 - counts.reduce((sum, count) => sum + count, 0);
  expect(await idsIn('outbox')).toHaveLength(left);
  expect(await outbox.forgetSent(30 * DAY_MS, 100)).toBe(left);
}, 30_000);
