import { setTimeout as delay } from 'node:timers/promises';
import { ConsumerLife, type LifeLimits } from '../../src/kafka/consumer-life.js';
import { Pulse } from '../../src/pulse.js';
import { FakeConsumer, kafkaOf } from './fake-consumer.js';

function make(consumer = new FakeConsumer(), limits?: LifeLimits) {
  const broker = { isThere: true };
  const signs = { alive: new Pulse(), poll: new Pulse(), joined: () => undefined, isBrokerThere: async () => broker.isThere };
  const abort = new AbortController();
  const life = new ConsumerLife(kafkaOf(() => consumer).kafka, 'group', signs, limits);
  return { life, broker, consumer, signs, abort, run: () => life.run(['t'], async () => undefined, abort.signal) };
}

test('runs until it is told to stop, and leaves', async () => {
  const { consumer, abort, run } = make();
  const running = run();
  await delay(20);
  expect(consumer.log).toEqual(['connect', 'subscribe t', 'run']);
  abort.abort();
  await running;
  expect(consumer.log.at(-1)).toBe('disconnect');
});

test('told so before it begins, it only leaves', async () => {
  const { consumer, abort, run } = make();
  abort.abort();
  await run();
  expect(consumer.log).toEqual(['disconnect']);
});

test('a crash ends it with its error', async () => {
  const { consumer, run } = make();
  consumer.onRun = () => consumer.emit('CRASH', { error: new Error('not to be repeated') });
  await expect(run()).rejects.toThrow('not to be repeated');
  expect(consumer.log.at(-1)).toBe('disconnect');
});

test('a connection that fails ends it', async () => {
  const { consumer, run } = make();
  consumer.connects = Promise.reject(new Error('refused'));
  await expect(run()).rejects.toThrow('refused');
});

test('silence ends it where the broker is there; signs of life and a broker that is gone do not', async () => {
  const { consumer, signs, broker, run } = make(new FakeConsumer(), { stallMs: 300, graceMs: 200 });
  const beating = setInterval(() => consumer.emit('HEARTBEAT'), 50);
  let isOver = false;
  const ended = run().catch((error: Error) => error.message).finally(() => (isOver = true));
  await delay(900);
  consumer.emit('FETCH');
  expect([isOver, signs.alive.ageMs < 300, signs.poll.ageMs < 300]).toEqual([false, true, true]);
  broker.isThere = false;
  clearInterval(beating);
  await delay(900);
  expect([isOver, signs.alive.ageMs < 300]).toEqual([false, true]);
  broker.isThere = true;
  const returnedMs = Date.now();
  expect(await ended).toMatch(/^the group has not heard of the consumer for \d+ ms$/);
  expect(Date.now() - returnedMs).toBeGreaterThanOrEqual(200);
});

test('a connection that comes about after the end is ended too, and joins no group', async () => {
  const { consumer, abort, run } = make();
  const connected = Promise.withResolvers<void>();
  consumer.connects = connected.promise;
  const running = run();
  abort.abort();
  await running;
  connected.resolve();
  await delay(20);
  expect(consumer.log).toEqual(['connect', 'disconnect', 'disconnect']);
});
