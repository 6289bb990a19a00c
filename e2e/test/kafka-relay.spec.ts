import { join } from 'node:path';
import { readTopics } from '@stella/platform-events';
import { demoDraft, effectsIn, recordEffect, TOPIC } from '@stella/platform-events/testing';
import kafkajs from 'kafkajs';
import { startDemoProcess } from './support/child.js';
import { DemoServices } from './support/demo-services.js';
import { type TestKafka, useKafka } from './support/kafka.js';
import { messagesOf, textHeaders } from './support/messages.js';
import { until } from './support/until.js';

const OTHER = 'stella.demo.thing-undone.v1alpha';
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
let kafka: TestKafka;
let services: DemoServices;

beforeAll(async () => {
  kafka = await useKafka();
  services = await DemoServices.create();
}, 600_000);
afterEach(() => services.clear(), 60_000);
afterAll(() => services?.stop(), 60_000);
afterAll(() => kafka?.clear(), 60_000);

test('on the wire: a CloudEvent in binary mode with the trace context, keys in partitions of their own', async () => {
  const connection = await kafka.space([TOPIC]);
  const { a, settle } = services.process({ connection });
  await services.a.tx(async (tx) => {
    for (let n = 0; n < 12; n++) await a.append(tx, { ...demoDraft(`key-${n % 4}`, String(n)), traceparent: TRACE });
  });
  await a.start();
  await settle();
  const found = await messagesOf(kafka.bare, `${connection.topicPrefix}${TOPIC}`, 12);
  const rows = await services.a.query<{ id: string; occurred_at: Date; key: string; payload: Buffer }>('SELECT id, occurred_at, key, payload FROM outbox');
  for (const { message } of found) {
    const row = rows.find(({ payload }) => payload.equals(message.value ?? Buffer.alloc(0)));
    expect([message.key?.toString(), textHeaders(message.headers)]).toEqual([
      row?.key,
      {
        ce_specversion: '1.0',
        ce_id: row?.id,
        ce_source: '/stella/a',
        ce_type: TOPIC,
        ce_time: row?.occurred_at.toISOString(),
        ce_partitionkey: row?.key,
        ce_stellatenant: 'acme',
        ce_traceparent: TRACE,
        traceparent: TRACE,
        'content-type': 'application/protobuf',
      },
    ]);
  }
  for (let key = 0; key < 4; key++) {
    const ofKey = found.filter(({ message }) => message.key?.toString() === `key-${key}`);
    expect(new Set(ofKey.map(({ partition }) => partition)).size).toBe(1);
    expect(ofKey.map(({ message }) => message.value?.toString())).toEqual([key, key + 4, key + 8].map(String));
  }
  expect(new Set(found.map(({ partition }) => partition)).size).toBeGreaterThan(1);
});

test('a topic that is missing holds its own events only, which come in order once it is there', async () => {
  const connection = await kafka.space([TOPIC]);
  const { a, b, metrics, settle } = services.process({ connection });
  b.subscribe({ topic: TOPIC }, { commit: recordEffect });
  b.subscribe({ topic: OTHER }, { commit: recordEffect });
  await Promise.all([a.start(), b.start()]);
  for (let n = 0; n < 3; n++) {
    await services.a.tx((tx) => a.append(tx, { ...demoDraft('held', String(n)), topic: OTHER }));
    await services.a.tx((tx) => a.append(tx, demoDraft('free', String(n))));
  }
  await until('the free ones', async () => (await effectsIn(services.b)).length === 3);
  expect(await effectsIn(services.b)).toEqual(['free:0', 'free:1', 'free:2']);
  const text = await metrics.text();
  expect(text).toContain(`events_topic_held{topic="${OTHER}"} 1`);
  expect(text).toContain(`events_relay_failures_total{topic="${OTHER}",reason="EVENT_TOPIC_UNKNOWN"}`);
  expect(b.health().notReady).toEqual([`the topic ${OTHER} is missing`]);
  const admin = kafka.bare.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: `${connection.topicPrefix}${OTHER}`, numPartitions: 3 }] });
  await admin.disconnect();
  await settle();
  expect((await effectsIn(services.b)).slice(3)).toEqual(['held:0', 'held:1', 'held:2']);
  expect(await metrics.text()).toContain(`events_topic_held{topic="${OTHER}"} 0`);
  expect(b.health().notReady).toEqual([]);
});

test('an event larger than the topic takes is set aside with its reason, holds up nobody, and is sent when the topic takes it', async () => {
  const connection = await kafka.space([TOPIC], { messageBytesMax: 20_000 });
  const { a, b, metrics, settle } = services.process({ connection });
  b.subscribe({ topic: TOPIC }, { commit: async ({ key, payload }, tx) => void (await tx.execute('INSERT INTO effect (what) VALUES ($1)', [`${key}:${payload.length}`])) });
  await services.a.tx(async (tx) => {
    for (const bytes of [1, 2, 30_000, 3, 40_000, 4]) await a.append(tx, { ...demoDraft('k', ''), payload: Buffer.alloc(bytes) });
  });
  await Promise.all([a.start(), b.start()]);
  await settle();
  expect(await effectsIn(services.b)).toEqual(['k:1', 'k:2', 'k:3', 'k:4']);
  const letters = await a.deadLetters(10);
  expect(letters).toMatchObject([30_000, 40_000].map((length) => ({ consumer: 'relay', event: { key: 'k', payload: { length } }, error: expect.stringContaining('MESSAGE_TOO_LARGE') })));
  expect(await metrics.text()).toContain(`events_relay_failures_total{topic="${TOPIC}",reason="EVENT_REFUSED"} 2`);
  const admin = kafka.bare.admin();
  await admin.connect();
  await admin.alterConfigs({ validateOnly: false, resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: `${connection.topicPrefix}${TOPIC}`, configEntries: [{ name: 'max.message.bytes', value: '100000' }] }] });
  await admin.disconnect();
  for (const { id } of letters) expect(await a.redeliver(id)).toBe(true);
  await settle();
  expect((await effectsIn(services.b)).slice(4)).toEqual(['k:30000', 'k:40000']);
  expect([await a.deadLetters(10), await a.redeliver(letters[0]?.id ?? '')]).toEqual([[], false]);
});

test('the largest event there may be passes as the topics of deploy/kafka are, and so does its dead letter', async () => {
  const [topic, deadLetters] = (await readTopics(join(import.meta.dirname, '../../deploy/kafka/topics.json'))).slice(0, 2);
  const connection = await kafka.space([TOPIC], { messageBytesMax: topic?.messageBytesMax ?? 0 });
  const admin = kafka.bare.admin();
  await admin.connect();
  await admin.alterConfigs({ validateOnly: false, resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: `${connection.topicPrefix}${TOPIC}.dlq`, configEntries: [{ name: 'max.message.bytes', value: String(deadLetters?.messageBytesMax) }] }] });
  await admin.disconnect();
  const { a, b, settle } = services.process({ connection });
  b.subscribe({ topic: TOPIC }, { commit: async () => Promise.reject(new Error('x'.repeat(5_000))) });
  await Promise.all([a.start(), b.start()]);
  const largest = { ...demoDraft('é'.repeat(512), ''), tenant: 'é'.repeat(200), payload: Buffer.alloc(1 << 20, 7) };
  await services.a.tx((tx) => a.append(tx, largest));
  await settle();
  expect(await b.deadLetters(2)).toMatchObject([{ event: { key: largest.key } }]);
  const [{ message } = { message: undefined }] = await messagesOf(kafka.bare, `${connection.topicPrefix}${TOPIC}.dlq`, 1);
  expect([message?.value?.length, await b.deadLetters(2)]).toMatchObject([1 << 20, [{ consumer: 'b' }]]);
});

test('killed between the acknowledgement and the mark: sent again, handled once', async () => {
  const connection = await kafka.space([TOPIC]);
  const { a, b, metrics, settle } = services.process({ connection });
  b.subscribe({ topic: TOPIC }, { commit: recordEffect });
  for (let n = 0; n < 5; n++) await services.a.tx((tx) => a.append(tx, demoDraft('k', String(n))));
  const words = { administrator: services.server.administrator, connection, name: 'dying', services: ['a'], diesAfter: 'send' } as const;
  expect(await (await startDemoProcess(words)).ended).toBe('SIGKILL');
  expect(await services.a.query('SELECT 1 FROM outbox WHERE relayed_at IS NOT NULL')).toEqual([]);
  await messagesOf(kafka.bare, `${connection.topicPrefix}${TOPIC}`, 5);
  await Promise.all([a.start(), b.start()]);
  await settle();
  expect(await effectsIn(services.b)).toEqual(['k:0', 'k:1', 'k:2', 'k:3', 'k:4']);
  await messagesOf(kafka.bare, `${connection.topicPrefix}${TOPIC}`, 10);
  expect(await metrics.text()).toContain(`events_duplicates_total{consumer="b",topic="${TOPIC}"} 5`);
});
