import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import type { Database } from '@stella/platform-database';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { EVENTS_MIGRATIONS, resumeOutbox } from '@stella/platform-events';
import { createLogger, Metrics } from '@stella/platform-telemetry';
import type { Event } from '../src/event-bus.js';
import { Outbox, type OutgoingEvent } from '../src/outbox.js';
import { type NotSent, type Publish, Relay } from '../src/relay.js';
import { SqlEvents } from '../src/sql-events.js';
import { EventSession } from '../src/session.js';

const [FREE, TROUBLED] = ['stella.demo.free.v1', 'stella.demo.troubled.v1'] as const;
const logger = createLogger({ name: 'test', level: 'silent' });
let server: TestDatabase;
let database: Database;
let outbox: Outbox;
const running: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await startTestDatabase();
  database = await server.service('a', EVENTS_MIGRATIONS);
  outbox = new Outbox(database, '/stella/a', () => new Date());
}, 60_000);
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
  await database.execute('TRUNCATE outbox');
}, 30_000);
afterAll(() => server?.stop(), 30_000);

const append = (topic: string, text: string, bytes?: number) =>
  database.tx((tx) => outbox.append(tx, { topic, tenant: 'acme', key: 'k', payload: bytes === undefined ? Buffer.from(text) : Buffer.alloc(bytes) }));
const textOf = ({ topic, payload }: Event) => `${topic === FREE ? 'free' : 'troubled'} ${Buffer.from(payload).toString()}`;
const waiting = async () => (await outbox.waiting()).count;

function start(publish: Publish) {
  const metrics = new Metrics();
  const session = new EventSession(database, () => relay.ring());
  const relay = new Relay(outbox, session, publish, logger, metrics);
  running.push({ stop: async () => { await relay.stop(); await session.close(); } });
  relay.start();
  return { relay, metrics };
}
async function until(look: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await look())) await delay(5);
}

test('a topic that takes nothing is held, its events stay in order, the others go on', async () => {
  const sent: string[] = [];
  let isDown = true;
  const { relay, metrics } = start(async (events) => {
    const failed = isDown ? events.filter(({ topic }) => topic === TROUBLED) : [];
    sent.push(...events.filter((event) => !failed.includes(event)).map(textOf));
    return failed.map((event) => ({ event, error: new DomainError('EVENT_TOPIC_UNKNOWN'), isFinal: false }));
  });
  for (const n of ['1', '2', '3']) {
    await append(TROUBLED, n);
    await append(FREE, n);
  }
  await until(async () => sent.length === 3 && (await waiting()) === 3);
  expect(sent).toEqual(['free 1', 'free 2', 'free 3']);
  expect([relay.heldFor(0), relay.heldFor(60_000)]).toEqual([[TROUBLED], []]);
  expect(await metrics.text()).toContain(`events_topic_held{topic="${TROUBLED}"} 1`);
  isDown = false;
  await until(async () => (await waiting()) === 0);
  expect(sent.slice(3)).toEqual(['troubled 1', 'troubled 2', 'troubled 3']);
  expect([relay.heldFor(0), await metrics.text()]).toEqual([[], expect.stringContaining(`events_topic_held{topic="${TROUBLED}"} 0`)]);
});

test('of a topic the last ones may be left over: they are sent again, those before them are not', async () => {
  const sent: string[] = [];
  let attempts = 0;
  start(async (events) => {
    const taken = ++attempts === 1 ? events.slice(0, 2) : events;
    sent.push(...taken.map(textOf));
    return events.filter((event) => !taken.includes(event)).map((event) => ({ event, error: new DomainError('EVENT_BROKER_UNAVAILABLE'), isFinal: false }));
  });
  await database.tx(async (tx) => { for (const n of '12345') await outbox.append(tx, { topic: FREE, tenant: 'acme', key: 'k', payload: Buffer.from(n) }); });
  await until(async () => (await waiting()) === 0);
  expect(sent).toEqual(['free 1', 'free 2', 'free 3', 'free 4', 'free 5']);
});

test('what is refused for good is a dead letter of the relay until it is redelivered', async () => {
  const sent: string[] = [];
  let refuses = true;
  const refuse = (event: OutgoingEvent): NotSent => ({ event, error: new DomainError('EVENT_REFUSED', { broker: 'MESSAGE_TOO_LARGE' }), isFinal: true });
  const service = { name: 'a', database, logger, metrics: new Metrics() };
  const events = new SqlEvents(service, {
    hasDeadLetterTopics: true,
    publish: async (batch) => {
      const bad = refuses ? batch.filter((event) => textOf(event) === 'free bad') : [];
      sent.push(...batch.filter((event) => !bad.includes(event)).map(textOf));
      return bad.map(refuse);
    },
  });
  running.push(events);
  await events.start();
  for (const text of ['1', 'bad', '2']) await append(FREE, text);
  await until(async () => (await waiting()) === 0);
  expect(sent).toEqual(['free 1', 'free 2']);
  const [letter, ...more] = await events.deadLetters(10);
  expect([letter, more]).toMatchObject([{ consumer: 'relay', event: { topic: FREE, key: 'k' }, error: expect.stringMatching(/EVENT_REFUSED.*MESSAGE_TOO_LARGE/) }, []]);
  // It is not forgotten with what was sent.
  await database.execute(`UPDATE outbox SET relayed_at = now() - interval '31 days'`);
  expect(await outbox.forgetSent(30 * 86_400_000, 1_000)).toBe(2);
  const [view, ...others] = await events.deadLettersOf({ tenant: 'acme', limit: 10 });
  expect([view, others]).toMatchObject([{ id: letter?.id, state: 'dead', consumer: 'relay', attempts: 1, payload: { sizeBytes: 3 }, error: letter?.error, redeliveries: 0 }, []]);
  expect(view && events.isDeliverable(view)).toBe(true);
  expect(await events.deadLettersOf({ tenant: 'acme', limit: 10, after: view?.id })).toEqual([]);
  expect(await events.deadLetter(letter?.id ?? '', 'other', 10)).toBeUndefined();
  expect(await events.deadLetter(letter?.id ?? '', 'acme', 10)).toMatchObject({ bytes: Buffer.from('bad') });
  refuses = false;
  expect([await events.redeliver('outbox-0'), await events.redeliver('outbox-x'), await events.redeliver(letter?.id ?? '')]).toEqual([false, false, true]);
  await until(() => sent.length === 3);
  await until(async () => (await waiting()) === 0);
  expect([sent[2], await events.deadLetters(10), await events.redeliver(letter?.id ?? '')]).toEqual(['free bad', [], false]);
  expect(await events.deadLetter(letter?.id ?? '', 'acme', 10)).toMatchObject({ state: 'done', redeliveries: 1, error: '' });
});

test('a carrier that fails altogether is asked again', async () => {
  let attempts = 0;
  start(async () => {
    if (++attempts < 3) throw new Error('no');
    return [];
  });
  await append(FREE, '1');
  await until(async () => (await waiting()) === 0);
  expect(attempts).toBe(3);
});

test('a stop waits for the batch in hand, but not for ever', async () => {
  const begun = Promise.withResolvers<void>();
  const { relay } = start(async () => {
    begun.resolve();
    return new Promise(() => undefined);
  });
  await append(FREE, '1');
  await begun.promise;
  const startMs = Date.now();
  await relay.stop();
  expect(Date.now() - startMs).toBeGreaterThan(4_000);
  expect(Date.now() - startMs).toBeLessThan(9_000);
  expect(await waiting()).toBe(1);
}, 30_000);

test('a batch is bounded in bytes, and one event is never too large for it', async () => {
  for (let n = 0; n < 12; n++) await append(FREE, '', 1 << 20);
  const { events, more } = await outbox.next();
  expect([events.length, more]).toEqual([8, true]);
  expect(await outbox.next([FREE])).toEqual({ positions: [], events: [], more: false });
});

test('the backlog is told with its age', async () => {
  await append(FREE, '1');
  await database.execute(`UPDATE outbox SET occurred_at = now() - interval '90 seconds'`);
  const { count, oldestSeconds } = await outbox.waiting();
  expect(count).toBe(1);
  expect(Math.round(oldestSeconds / 10)).toBe(9);
});

test('an outbox from a dump waits for no transaction of the old server, and sends again what may have been on its way', async () => {
  const day = 24 * 3_600_000;
  const row = async (relayedAt: Date | null, refusal: string | null = null) => {
    const id = randomUUID();
    await database.execute(
      `INSERT INTO outbox (id, transaction, topic, tenant, key, occurred_at, payload, relayed_at, refusal) VALUES ($1, '9000000000000000', 'stella.a.told.v1alpha', 't', 'k', now(), '', $2, $3)`,
      [id, relayedAt, refusal],
    );
    return id;
  };
  const backupTime = new Date();
  await row(new Date(backupTime.getTime() - 8 * day));
  const onItsWay = await row(new Date(backupTime.getTime() - day));
  await row(new Date(backupTime.getTime() - day), 'too large');
  const unsent = await row(null);
  // The dump is older than inboxes keep anything, and they must know what is sent again.
  const settled = async (state: string, at: string) =>
    database.execute(`INSERT INTO inbox (consumer, source, id, topic, tenant, key, occurred_at, payload, state, settled_at) VALUES ('a', '/stella/b', $1, 't', 't', 'k', now(), '', $2, $3::timestamptz)`, [randomUUID(), state, at]);
  const since = backupTime.getTime() - 7 * day;
  for (const state of ['done', 'dead']) for (const at of [since - 2 * day, since]) await settled(state, new Date(at).toISOString());
  expect((await outbox.next()).events).toEqual([]);
  await database.execute(resumeOutbox(new Date(backupTime.getTime() - 7 * day)));
  expect((await outbox.next()).events.map(({ id }) => id)).toEqual([onItsWay, unsent]);
  expect(await outbox.refused(10)).toHaveLength(1);
  const anew = await database.query<{ state: string }>(`DELETE FROM inbox WHERE settled_at > now() - interval '1 hour' RETURNING state`);
  expect(anew.map(({ state }) => state).sort()).toEqual(['dead', 'done']);
  expect(await database.execute('DELETE FROM inbox')).toBe(2);
});
