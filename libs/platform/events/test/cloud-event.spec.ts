import { type Event, fromHeaders, toHeaders } from '@stella/platform-events';
import fc from 'fast-check';

const event: Event = {
  id: '6f9619ff-8b86-4011-b42d-00c04fc964ff',
  source: '/stella/marketplace',
  topic: 'stella.marketplace.pack-published.v1alpha',
  tenant: 'acme',
  key: 'packs/lua',
  time: new Date('2026-01-02T03:04:05.678Z'),
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  payload: Buffer.from([1, 2, 3]),
};

test('headers are those of CloudEvents, binary mode', () => {
  expect(toHeaders(event)).toEqual({
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_source: '/stella/marketplace',
    ce_type: 'stella.marketplace.pack-published.v1alpha',
    ce_time: '2026-01-02T03:04:05.678Z',
    ce_partitionkey: 'packs/lua',
    ce_stellatenant: 'acme',
    ce_traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    'content-type': 'application/protobuf',
  });
});

test('an event survives its headers', () => {
  const text = fc.string({ minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(fc.uuid(), text, text, fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), fc.boolean(), (id, key, tenant, time, traced) => {
      const one = { ...event, id, key, tenant, time, traceparent: traced ? event.traceparent : undefined };
      expect(fromHeaders(toHeaders(one), one.payload)).toEqual(one);
    }),
  );
});

test.each(['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_partitionkey', 'ce_stellatenant', 'content-type'])('without %s it is refused by name', (name) => {
  expect(() => fromHeaders({ ...toHeaders(event), [name]: undefined }, event.payload)).toThrow(expect.objectContaining({ reason: 'EVENT_INVALID', facts: { attribute: name } }));
});

test.each([
  ['ce_specversion', '0.3'],
  ['ce_id', 'x'],
  ['ce_time', 'yesterday'],
  ['ce_type', 'com.example.other'],
  ['content-type', 'application/json'],
  ['ce_traceparent', 'x'],
])('with %s %s it is refused', (name, value) => {
  expect(() => fromHeaders({ ...toHeaders(event), [name]: value }, event.payload)).toThrow(expect.objectContaining({ reason: 'EVENT_INVALID' }));
});
