import { setTimeout as delay } from 'node:timers/promises';
import { ConsumerLife } from '../../src/kafka/consumer-life.js';
import { Pulse } from '../../src/pulse.js';
import { FakeConsumer, kafkaOf } from './fake-consumer.js';

function make(consumer = new FakeConsumer(), stallMs?: number) {
  const signs = { any: new Pulse(), poll: new Pulse(), joined: () => undefined };
  const abort = new AbortController();
  const life = new ConsumerLife(kafkaOf(() => consumer).kafka, 'group', signs, stallMs);
  return { life, consumer, signs, abort, run: () => life.run(['t'], async () => undefined, abort.signal) };
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

test('silence ends it, signs of life do not', async () => {
  const { consumer, signs, run } = make(new FakeConsumer(), 300);
  const beating = setInterval(() => consumer.emit('HEARTBEAT'), 50);
  const running = run();
  const ended = running.catch((error: Error) => error.message);
  await delay(900);
  expect(signs.any.ageMs).toBeLessThan(300);
  consumer.emit('FETCH');
  expect(signs.poll.ageMs).toBeLessThan(300);
  clearInterval(beating);
  expect(await ended).toBe('no sign of life for 300 ms');
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
