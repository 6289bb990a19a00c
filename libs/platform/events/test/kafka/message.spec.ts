import { DomainError } from '@stella/errors';
import { type Event, fromHeaders, toHeaders } from '@stella/platform-events';
import fc from 'fast-check';
import type { IHeaders, KafkaMessage } from 'kafkajs';
import { copyOfEvent } from '../../src/dead-letter.js';
import { copyOfMessage, fromMessage, toMessage } from '../../src/kafka/message.js';

const TOPIC = 'stella.demo.thing-done.v1alpha';
const event: Event = { id: '6f9619ff-8b86-4011-b42d-00c04fc964ff', source: '/stella/a', topic: TOPIC, tenant: 'acme', key: 'k', time: new Date('2026-01-02T03:04:05.678Z'), traceparent: undefined, payload: Buffer.from([1, 2]) };
const fetched = (headers: IHeaders, key: string | null = 'k', value: Buffer | null = Buffer.from([1, 2])): KafkaMessage =>
  ({ key: key === null ? null : Buffer.from(key), value, headers, offset: '5', timestamp: '0', attributes: 0 }) as KafkaMessage;
const asBytes = (headers: Record<string, string>) => Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]));
const death = { consumer: 'b', error: new DomainError('EVENT_INVALID', { attribute: 'ce_id' }), attempts: 0, at: new Date('2026-01-02T03:04:05.678Z') };
const place = { topic: TOPIC, partition: 1, offset: '5' };

test('an event survives a message', () => {
  const { key, value, headers } = toMessage(event);
  expect(fromMessage(TOPIC, fetched(asBytes(headers as Record<string, string>), key as string, value as Buffer))).toEqual(event);
});

test('a trace context is found under its own name too, and passed over where it is malformed', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const headers = (more: Record<string, string>) => fromHeaders({ ...toHeaders(event), ...more }, event.payload).traceparent;
  expect([headers({ traceparent }), headers({ traceparent: 'x' }), headers({ traceparent: `01-${traceparent.slice(3)}-${'x'.repeat(300)}` })]).toEqual([traceparent, undefined, undefined]);
});

test('headers of others are nobody’s business', () => {
  const headers = { ...asBytes(toHeaders(event)), b3: Buffer.from([0xff]), twice: ['a', 'b'] };
  expect(fromMessage(TOPIC, fetched(headers))).toEqual(event);
});

test('whatever is fetched is an event or has a reason, and a copy that a row holds', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array().map((bytes) => Buffer.from(bytes)));
  const headers = fc.dictionary(fc.oneof(fc.constantFrom(...Object.keys(toHeaders(event)), 'other'), fc.string({ unit: 'binary' })), fc.oneof(value, fc.array(value)));
  const bytes = fc.option(fc.uint8Array({ maxLength: 2_000 }).map((each) => Buffer.from(each)));
  fc.assert(
    fc.property(headers, bytes, bytes, (some, key, payload) => {
      const message = { ...fetched({ ...asBytes(toHeaders(event)), ...some }, null, payload), key } as KafkaMessage;
      try {
        fromMessage(TOPIC, message);
      } catch (error) {
        expect(error).toMatchObject({ reason: 'EVENT_INVALID' });
        const copy = copyOfMessage(message, place, { ...death, error });
        const texts = [copy.tenant, copy.key, ...Object.entries(copy.headers).flat()];
        for (const text of texts) expect([text.includes('\0'), text.isWellFormed()]).toEqual([false, true]);
        expect(Buffer.byteLength(copy.key)).toBeLessThanOrEqual(1_024);
        expect(copy.key).not.toBe('');
      }
    }),
  );
});

test('the copy of a message says where it was, keeps what has room, and is the same when it is made again', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`h${n}`, Buffer.alloc(1_000, 'x')]));
  const copy = copyOfMessage(fetched(many, 'é'.repeat(600), Buffer.alloc((1 << 20) + 1)), place, death);
  expect(copy).toMatchObject({
    topic: `${TOPIC}.dlq`,
    key: `${TOPIC}/1/5`,
    payload: { length: 0 },
    headers: { 'stella-dead-reason': 'EVENT_INVALID', 'stella-dead-place': `${TOPIC}/1/5`, 'stella-dead-payload-bytes': '1048577', 'stella-dead-time': '2026-01-02T03:04:05.678Z' },
  });
  expect(Object.keys(copy.headers).filter((name) => name.startsWith('h')).length).toBe(16);
  expect(copyOfMessage(fetched({}), place, death).id).toBe(copy.id);
  expect(copyOfMessage(fetched({}), { ...place, offset: '6' }, death).id).not.toBe(copy.id);
  expect(copy.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('the copy of an event is the event with the reason, a new letter each time', () => {
  const copy = copyOfEvent(event, { ...death, error: new Error(`\0${'x'.repeat(3_000)}`), attempts: 6 });
  expect(copy).toMatchObject({ topic: `${TOPIC}.dlq`, tenant: 'acme', key: 'k', payload: event.payload, headers: { ...toHeaders(event), 'stella-dead-reason': 'INTERNAL', 'stella-dead-attempts': '6' } });
  expect(copy.headers['stella-dead-error']).toHaveLength(2_000);
  expect(copyOfEvent(event, death).id).not.toBe(copyOfEvent(event, death).id);
});
