import { DomainError } from '@stella/errors';
import { toHeaders, type Event } from '@stella/platform-events';
import { createLogger, Metrics } from '@stella/platform-telemetry';
import type { KafkaMessage } from 'kafkajs';
import type { DeadLetterCopy } from '../../src/dead-letter.js';
import { BatchTaker } from '../../src/kafka/batch-taker.js';
import { Pulse } from '../../src/pulse.js';

const TOPIC = 'stella.demo.thing-done.v1alpha';
const eventOf = (n: number): Event => ({ id: `6f9619ff-8b86-4011-b42d-00c04fc96${String(n).padStart(3, '0')}`, source: '/stella/a', topic: TOPIC, tenant: 'acme', key: 'k', time: new Date(0), traceparent: undefined, payload: Buffer.from(String(n)) });
const messageOf = (n: number, headers: Record<string, string> = {}): KafkaMessage =>
  ({ key: Buffer.from('k'), value: Buffer.from(String(n)), offset: String(n), timestamp: '0', attributes: 0, headers: { ...toHeaders(eventOf(n)), ...headers } }) as KafkaMessage;
const dataError = Object.assign(new Error('invalid byte sequence'), { code: '22021' });

function make(accept: (events: readonly Event[], noEvents: readonly DeadLetterCopy[]) => Promise<number>) {
  const abort = new AbortController();
  const metrics = new Metrics();
  const resolved: string[] = [];
  const taker = new BatchTaker({ group: 'b', topicPrefix: 'acme.', accept, pulse: new Pulse(), signal: abort.signal, logger: createLogger({ name: 'test', level: 'silent' }), metrics });
  const take = (messages: KafkaMessage[]) =>
    taker.take({ batch: { topic: `acme.${TOPIC}`, partition: 2, messages, lastOffset: () => messages.at(-1)?.offset ?? '' }, heartbeat: async () => undefined, resolveOffset: (offset) => void resolved.push(offset) });
  return { take, abort, metrics, resolved };
}
const payloads = (events: readonly Event[]) => events.map(({ payload }) => payload.toString());

test('a batch is stored in one go, the events apart from what is none, and then its offset may be committed', async () => {
  const calls: unknown[] = [];
  const { take, metrics, resolved } = make(async (events, noEvents) => {
    calls.push([payloads(events), noEvents.map(({ headers }) => headers['stella-dead-place']), resolved.length]);
    return events.length - 1;
  });
  expect(await take([messageOf(1), messageOf(2, { ce_id: 'x' }), messageOf(3)])).toBe(3);
  expect([calls, resolved]).toEqual([[[['1', '3'], [`${TOPIC}/2/2`], 0]], ['3']]);
  const text = await metrics.text();
  for (const line of ['events_consumed_total{consumer="b",topic="T"} 1', 'events_duplicates_total{consumer="b",topic="T"} 1', 'events_malformed_total{consumer="b",topic="T",reason="EVENT_INVALID"} 1']) {
    expect(text).toContain(line.replace('"T"', `"${TOPIC}"`));
  }
});

test('a database that takes nothing is asked until it does', async () => {
  let attempts = 0;
  const { take, resolved } = make(async () => {
    if (++attempts < 3) throw new DomainError('DATABASE_UNAVAILABLE');
    return 1;
  });
  await take([messageOf(1)]);
  expect([attempts, resolved]).toEqual([3, ['1']]);
});

test('told to stop meanwhile, it commits nothing', async () => {
  const { take, abort, resolved } = make(async () => {
    abort.abort();
    throw new DomainError('DATABASE_UNAVAILABLE');
  });
  await expect(take([messageOf(1)])).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  expect(resolved).toEqual([]);
});

test('the one message that a row cannot hold becomes a dead letter, those beside it are stored in order', async () => {
  const stored: string[] = [];
  const dead: string[] = [];
  const { take, resolved } = make(async (events, noEvents) => {
    if (payloads(events).includes('2')) throw dataError;
    stored.push(...payloads(events));
    dead.push(...noEvents.map(({ headers }) => `${headers['stella-dead-place']} ${headers['stella-dead-error']}`));
    return events.length;
  });
  await take([messageOf(1), messageOf(2), messageOf(3)]);
  expect([stored, dead, resolved]).toEqual([['1', '3'], [`${TOPIC}/2/2 Error: invalid byte sequence`], ['3']]);
});
