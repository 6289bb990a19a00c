import { jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogger, Metrics } from '@stella/platform-telemetry';
import { GroupAdmin } from '../../src/kafka/group-admin.js';
import { Intake } from '../../src/kafka/intake.js';
import { READY_POLL_AGE_MS } from '../../src/kafka/limits.js';
import { FakeConsumer, kafkaOf } from './fake-consumer.js';

const intakes: Intake[] = [];
afterEach(async () => {
  await Promise.all(intakes.splice(0).map((intake) => intake.stop()));
});

function start(make: (number: number) => FakeConsumer, existing = ['acme.one', 'acme.two']) {
  let serial = 0;
  const { kafka, made } = kafkaOf(() => make(++serial), () => existing);
  const metrics = new Metrics();
  const logger = createLogger({ name: 'test', level: 'silent' });
  const intake = new Intake({ kafka, admin: new GroupAdmin(kafka), group: 'b', groupId: 'acme.stella.b', topics: ['one', 'two'], topicPrefix: 'acme.', accept: async () => 0, backlog: async () => 0, logger, metrics });
  intakes.push(intake);
  intake.start();
  return { intake, made, metrics };
}
const crashing = () => Object.assign(new FakeConsumer(), { onRun: (consumer: FakeConsumer) => consumer.emit('CRASH', { error: Object.assign(new Error('denied'), { type: 'GROUP_AUTHORIZATION_FAILED' }) }) });

test('a consumer that crashed, whatever with, is replaced by a new one', async () => {
  const { intake, made, metrics } = start((number) => (number < 3 ? crashing() : new FakeConsumer()));
  while (made.length < 3) await delay(10);
  await delay(50);
  expect(made.map(({ log }) => log.join(' '))).toEqual(['connect subscribe acme.one,acme.two run disconnect', 'connect subscribe acme.one,acme.two run disconnect', 'connect subscribe acme.one,acme.two run']);
  expect(await metrics.text()).toContain('events_consumer_restarts_total{consumer="b"} 2');
  await intake.stop();
  expect(made[2]?.log.at(-1)).toBe('disconnect');
});

test('what is missing is told, the rest is consumed', async () => {
  const { intake, made } = start(() => new FakeConsumer(), ['acme.two']);
  while (made[0]?.log.includes('run') !== true) await delay(10);
  expect(made[0]?.log).toContain('subscribe acme.two');
  expect(intake.health()).toEqual({ notReady: ['the topic one is missing'], notLive: [] });
  await intake.stop();
  expect(intake.health()).toEqual({ notReady: [], notLive: [] });
});

test('one whose topics changed is replaced by one that knows them', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
  try {
    const existing = ['acme.one', 'acme.two'];
    const { intake, made } = start(() => new FakeConsumer(), existing);
    const until = async (isSo: () => boolean) => { while (!isSo()) await jest.advanceTimersByTimeAsync(100); };
    await until(() => made[0]?.log.includes('run') === true);
    existing.shift();
    await until(() => made[1]?.log.includes('run') === true);
    expect([made[0]?.log.at(-1), made[1]?.log.includes('subscribe acme.two')]).toEqual(['disconnect', true]);
    expect(intake.health().notReady).toEqual(['the topic one is missing']);
    existing.unshift('acme.one');
    await until(() => made[2]?.log.includes('subscribe acme.one,acme.two') === true);
    expect(intake.health().notReady).toEqual([]);
  } finally {
    jest.useRealTimers();
  }
}, 30_000);

test('without any topic there is no consumer, and a stop is prompt', async () => {
  const { intake, made } = start(() => new FakeConsumer(), []);
  await delay(100);
  const startMs = Date.now();
  await intake.stop();
  expect([made.length, Date.now() - startMs < 1_000]).toEqual([0, true]);
});

test('not ready when nothing was asked for a while, not alive when nothing stirred for long', async () => {
  const { intake, made } = start(() => new FakeConsumer());
  while (made[0]?.log.includes('run') !== true) await delay(10);
  const startMs = Date.now();
  const later = jest.spyOn(Date, 'now');
  const healthAfter = (ms: number) => {
    later.mockReturnValue(startMs + ms);
    return intake.health();
  };
  try {
    expect(healthAfter(READY_POLL_AGE_MS - 10_000)).toEqual({ notReady: [], notLive: [] });
    expect(healthAfter(90_000)).toEqual({ notReady: ['the consumer b has asked for no events for 90 s'], notLive: [] });
    expect(healthAfter(200_000).notLive).toEqual(['the consumer b has given no sign of life for 200 s']);
  } finally {
    later.mockRestore();
  }
});
