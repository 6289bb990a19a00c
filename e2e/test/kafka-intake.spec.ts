import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Event, type KafkaConnection, toHeaders } from '@stella/platform-events';
import { demoDraft, effectsIn, recordEffect, TOPIC } from '@stella/platform-events/testing';
import type { Message } from 'kafkajs';
import { startDemoProcess } from './support/child.js';
import { DemoServices } from './support/demo-services.js';
import { type TestKafka, useKafka } from './support/kafka.js';
import { messagesOf, textHeaders } from './support/messages.js';
import { until } from './support/until.js';

const OTHER = 'stella.demo.thing-undone.v1alpha';
const RECORD = { commit: recordEffect };
let kafka: TestKafka;
let services: DemoServices;

beforeAll(async () => {
  kafka = await useKafka();
  services = await DemoServices.create();
}, 600_000);
afterEach(() => services.clear(), 60_000);
afterAll(() => services?.stop(), 60_000);
afterAll(() => kafka?.clear(), 60_000);

const numbered = (key: string, count: number, first = 0) => Array.from({ length: count }, (_, n) => `${key}:${first + n}`);
const eventOf = (key: string, text: string): Event => ({ ...demoDraft(key, text), id: randomUUID(), source: '/elsewhere', time: new Date() });
const messageOf = (event: Event, headers: Message['headers'] = {}): Message => ({ key: event.key, value: Buffer.from(event.payload), partition: 0, headers: { ...toHeaders(event), ...headers } });

async function send(topic: string, messages: Message[]): Promise<void> {
  const producer = kafka.bare.producer();
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

async function withAdmin<T>(work: (admin: ReturnType<TestKafka['bare']['admin']>) => Promise<T>): Promise<T> {
  const admin = kafka.bare.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** In one go, so that a batch holds many. */
const appendAll = (events: { append: ReturnType<DemoServices['process']>['a']['append'] }, keys: readonly string[], count: number, first = 0) =>
  services.a.tx(async (tx) => {
    for (let n = first; n < first + count; n++) for (const key of keys) await events.append(tx, demoDraft(key, String(n)));
  });

test('what is no event goes to the dead-letter topic with the reason and the place, and what is behind it arrives', async () => {
  const connection = await kafka.space([TOPIC], { messageBytesMax: 3 << 20 });
  const event = eventOf('k', 'good');
  const bad: [string, string, Message][] = [
    ['no headers', 'EVENT_INVALID', { key: 'k', value: 'text', partition: 0 }],
    ['another topic', 'EVENT_INVALID', messageOf(event, { ce_type: OTHER })],
    ['another key', 'EVENT_INVALID', { ...messageOf(event), key: 'other' }],
    ['no key', 'EVENT_INVALID', { ...messageOf(event), key: null }],
    ['no UTF-8', 'EVENT_INVALID', messageOf(event, { ce_source: Buffer.from([0xff]) })],
    ['NUL', 'EVENT_INVALID', messageOf(event, { ce_stellatenant: 'a\0b' })],
    ['twice', 'EVENT_INVALID', messageOf(event, { ce_id: [randomUUID(), randomUUID()] })],
    ['a tombstone', 'EVENT_INVALID', { ...messageOf(event), value: null }],
    ['too large', 'EVENT_TOO_LARGE', { ...messageOf(event), value: Buffer.alloc((1 << 20) + 1) }],
  ];
  const { b, metrics, settle } = services.process({ connection });
  b.subscribe({ topic: TOPIC }, RECORD);
  await send(`${connection.topicPrefix}${TOPIC}`, [...bad.map(([, , message]) => message), messageOf(event)]);
  await b.start();
  await settle();
  expect(await effectsIn(services.b)).toEqual(['k:good']);
  const letters = await messagesOf(kafka.bare, `${connection.topicPrefix}${TOPIC}.dlq`, bad.length);
  const byPlace = new Map(letters.map(({ message }) => [textHeaders(message.headers)['stella-dead-place'], { headers: textHeaders(message.headers), message }]));
  for (const [offset, [what, reason, message]] of bad.entries()) {
    const letter = byPlace.get(`${TOPIC}/0/${offset}`);
    expect([what, letter?.headers]).toMatchObject([what, { 'stella-dead-reason': reason, 'stella-dead-consumer': 'b', 'stella-dead-attempts': '0', 'stella-dead-error': expect.stringContaining(reason) }]);
    if (reason === 'EVENT_TOO_LARGE') expect([letter?.message.value?.length, letter?.headers['stella-dead-payload-bytes']]).toEqual([0, String((1 << 20) + 1)]);
    else expect(letter?.message.value).toEqual(Buffer.from(message.value ?? ''));
  }
  expect(await metrics.text()).toContain(`events_malformed_total{consumer="b",topic="${TOPIC}",reason="EVENT_INVALID"} 8`);
});

test('what a handler gives up stays, is told to the dead-letter topic with the reason, and is handled when it is redelivered', async () => {
  const connection = await kafka.space([TOPIC]);
  const { a, b, settle } = services.process({ connection });
  let isPoison = true;
  b.subscribe({ topic: TOPIC }, {
    async commit(event, tx) {
      if (isPoison) throw new Error('cannot be digested');
      await recordEffect(event, tx);
    },
  });
  await Promise.all([a.start(), b.start()]);
  await appendAll(a, ['k'], 1);
  await settle();
  const [letter] = await b.deadLetters(5);
  const [copy] = await messagesOf(kafka.bare, `${connection.topicPrefix}${TOPIC}.dlq`, 1);
  expect([copy?.message.key?.toString(), copy?.message.value?.toString()]).toEqual(['k', '0']);
  expect(textHeaders(copy?.message.headers)).toMatchObject({
    ce_id: letter?.event.id,
    ce_type: TOPIC,
    ce_source: '/stella/a',
    'stella-dead-reason': 'INTERNAL',
    'stella-dead-error': 'Error: cannot be digested',
    'stella-dead-consumer': 'b',
    'stella-dead-attempts': '3',
  });
  isPoison = false;
  expect(await b.redeliver(letter?.id ?? '')).toBe(true);
  await settle();
  expect([await effectsIn(services.b), await b.deadLetters(5)]).toEqual([['k:0'], []]);
});

test('killed between the inbox and the offset: fetched again, handled once', async () => {
  const connection = await kafka.space([TOPIC]);
  const { a, b, metrics, settle } = services.process({ connection });
  b.subscribe({ topic: TOPIC }, RECORD);
  await a.start();
  await appendAll(a, ['k'], 5);
  const words = { administrator: services.server.administrator, connection, name: 'dying', services: ['b'], diesAfter: 'accept', handlingMs: 60_000 } as const;
  expect(await (await startDemoProcess(words)).ended).toBe('SIGKILL');
  expect(await services.b.query('SELECT 1 FROM inbox')).toHaveLength(5);
  await b.start();
  await settle();
  expect(await effectsIn(services.b)).toEqual(numbered('k', 5));
  expect(await metrics.text()).toContain(`events_duplicates_total{consumer="b",topic="${TOPIC}"} 5`);
});

test('two consumer processes, one killed, one that joins later: each event once, each key in order', async () => {
  const connection = await kafka.space([TOPIC]);
  const { a, settle, b } = services.process({ connection });
  b.subscribe({ topic: TOPIC }, RECORD);
  await a.start();
  const keys = Array.from({ length: 8 }, (_, n) => `key-${n}`);
  const words = { administrator: services.server.administrator, connection, services: ['b'], handlingMs: 20 } as const;
  const [first, second] = await Promise.all(['first', 'second'].map((name) => startDemoProcess({ ...words, name })));
  const seen = async (name: string) => (await services.b.query('SELECT 1 FROM effect WHERE by = $1', [name])).length;
  await appendAll(a, keys, 10);
  await until('both handle some', async () => (await seen('first')) > 0 && (await seen('second')) > 0);
  await appendAll(a, keys, 10, 10);
  expect(await first?.kill('SIGKILL')).toBe('SIGKILL');
  const third = await startDemoProcess({ ...words, name: 'third' });
  await appendAll(a, keys, 10, 20);
  await until('all handled', async () => (await effectsIn(services.b)).length >= 240, 120_000);
  // Those who stop properly give back what they have not handled.
  expect(await Promise.all([second, third].map((child) => child?.kill('SIGTERM')))).toEqual([0, 0]);
  await appendAll(a, keys, 1, 30);
  await b.start();
  await settle();
  const all = await effectsIn(services.b);
  expect(all).toHaveLength(248);
  for (const key of keys) expect(all.filter((what) => what.startsWith(`${key}:`))).toEqual(numbered(key, 31));
});

test('a group that is shared anew while its handlers work: each event once, each key in order', async () => {
  const connection = await kafka.space([TOPIC]);
  const processes = [0, 1, 2].map(() => services.process({ connection }));
  for (const { b } of processes) b.subscribe({ topic: TOPIC }, { prepare: () => delay(Math.random() * 10), commit: recordEffect });
  const [one, two, three] = processes as [(typeof processes)[0], (typeof processes)[0], (typeof processes)[0]];
  await Promise.all([one.a.start(), one.b.start()]);
  const keys = ['x', 'y', 'z', 'w'];
  for (const [round, change] of [() => two.b.start(), () => three.b.start(), () => two.b.stop(), () => three.b.stop()].entries()) {
    await appendAll(one.a, keys, 10, round * 10);
    await Promise.all([change(), delay(700)]);
  }
  await one.settle();
  const all = await effectsIn(services.b);
  expect(all).toHaveLength(160);
  for (const key of keys) expect(all.filter((what) => what.startsWith(`${key}:`))).toEqual(numbered(key, 40));
});

test('while too much waits in the inbox nothing is fetched, and the group keeps its member', async () => {
  const connection = await kafka.space([TOPIC]);
  const { a, b, metrics, settle } = services.process({ connection, backlogBounds: { max: 20, low: 10 } });
  const release = Promise.withResolvers<void>();
  b.subscribe({ topic: TOPIC }, { prepare: () => release.promise, commit: recordEffect });
  await a.start();
  await appendAll(a, ['x', 'y', 'z'], 7);
  await b.start();
  const paused = async (is: 0 | 1) => (await metrics.text()).includes(`events_consumer_paused{consumer="b"} ${is}`);
  await until('the pause', () => paused(1));
  const inInbox = async () => Number((await services.b.query<{ count: bigint }>('SELECT count(*) FROM inbox'))[0]?.count);
  const before = await inInbox();
  await appendAll(a, ['x', 'y', 'z'], 30, 7);
  await delay(3_000);
  expect([await inInbox(), await paused(1)]).toEqual([before, true]);
  release.resolve();
  await settle();
  // What was fetched last may have been one more pause, whose end is looked for now and then.
  await until('the end of the pause', () => paused(0));
  const all = await effectsIn(services.b);
  for (const key of ['x', 'y', 'z']) expect(all.filter((what) => what.startsWith(key))).toEqual(numbered(key, 37));
  expect(await metrics.text()).not.toContain('events_consumer_restarts_total{consumer="b"}');
});

const committed = (connection: KafkaConnection) => withAdmin(async (admin) => (await admin.fetchOffsets({ groupId: `${connection.topicPrefix}stella.b`, topics: [`${connection.topicPrefix}${TOPIC}`] }))[0]?.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0));

test('a stop in the middle of a batch: it is stored, its offset is committed, the group is left, in time', async () => {
  const connection = await kafka.space([TOPIC]);
  const { a, b } = services.process({ connection });
  b.subscribe({ topic: TOPIC }, RECORD);
  await a.start();
  await b.start();
  await until('the group', () => withAdmin(async (admin) => (await admin.describeGroups([`${connection.topicPrefix}stella.b`])).groups[0]?.state === 'Stable'));
  const locked = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const lock = services.b.tx(async (tx) => {
    await tx.execute('LOCK TABLE inbox IN EXCLUSIVE MODE');
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  await appendAll(a, ['k'], 5);
  const waitsForLock = async () => (await services.b.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO inbox%'`)).length > 0;
  await until('the batch in hand', waitsForLock);
  const startMs = Date.now();
  const stopping = b.stop();
  setTimeout(() => release.resolve(), 500);
  await stopping;
  const stopMs = Date.now() - startMs;
  await lock;
  expect(stopMs).toBeGreaterThan(400);
  expect(stopMs).toBeLessThan(9_000);
  expect(await services.b.query('SELECT 1 FROM inbox')).toHaveLength(5);
  expect(await committed(connection)).toBe(5);
  expect(await withAdmin(async (admin) => (await admin.describeGroups([`${connection.topicPrefix}stella.b`])).groups[0]?.members.length)).toBe(0);
});

test('a stop while the database takes nothing: nothing is committed, and the next start fetches it again', async () => {
  const connection = await kafka.space([TOPIC]);
  const before = services.process({ connection });
  before.b.subscribe({ topic: TOPIC }, RECORD);
  await before.a.start();
  await services.b.execute('ALTER TABLE inbox RENAME TO inbox_away');
  try {
    await appendAll(before.a, ['k'], 5);
    await before.b.start();
    await until('the group', () => withAdmin(async (admin) => (await admin.describeGroups([`${connection.topicPrefix}stella.b`])).groups[0]?.state === 'Stable'));
    await delay(1_000);
    const startMs = Date.now();
    await before.b.stop();
    expect(Date.now() - startMs).toBeLessThan(9_000);
  } finally {
    await services.b.execute('ALTER TABLE inbox_away RENAME TO inbox');
  }
  expect(await committed(connection)).toBe(0);
  const after = services.process({ connection });
  after.b.subscribe({ topic: TOPIC }, RECORD);
  await after.b.start();
  await until('the five', async () => (await effectsIn(services.b)).length === 5);
  expect(await effectsIn(services.b)).toEqual(numbered('k', 5));
});

test('a topic that is deleted under a consumer is missed, and the others go on', async () => {
  const connection = await kafka.space([TOPIC, OTHER]);
  const { a, b } = services.process({ connection });
  b.subscribe({ topic: TOPIC }, RECORD);
  b.subscribe({ topic: OTHER }, RECORD);
  await Promise.all([a.start(), b.start()]);
  await appendAll(a, ['k'], 3);
  await until('the first three', async () => (await effectsIn(services.b)).length === 3);
  await withAdmin((admin) => admin.deleteTopics({ topics: [`${connection.topicPrefix}${OTHER}`] }));
  await until('that it is missed', async () => b.health().notReady.length > 0);
  await appendAll(a, ['k'], 3, 3);
  await until('the next three', async () => (await effectsIn(services.b)).length === 6);
  expect(await effectsIn(services.b)).toEqual(numbered('k', 6));
  expect(b.health()).toEqual({ notReady: [`the topic ${OTHER} is missing`], notLive: [] });
});
