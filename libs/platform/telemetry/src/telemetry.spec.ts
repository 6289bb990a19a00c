import fc from 'fast-check';
import { createLogger, currentTrace, currentTraceparent, formatTraceparent, Metrics, parseTraceparent, RedMetrics, redactText, span, withTraceparent } from './index.js';

const hex = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length }).filter((text) => !/^0+$/.test(text));

test('a traceparent survives writing and reading', () => {
  fc.assert(
    fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
      expect(parseTraceparent(formatTraceparent({ traceId, spanId, sampled }))).toEqual({ traceId, spanId, sampled });
    }),
  );
});

test.each([
  undefined,
  '',
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra',
])('%s is no traceparent', (header) => expect(parseTraceparent(header)).toBeUndefined());

test('a later version with more fields is still read', () => {
  expect(parseTraceparent('cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what')?.sampled).toBe(true);
});

test('the trace follows the asynchronous work, without an SDK too', async () => {
  const header = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await withTraceparent(header, async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(currentTrace()?.traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(currentTraceparent()).not.toBe(header);
    const outer = currentTrace()?.spanId;
    await span('inner', {}, async () => {
      expect(currentTrace()?.traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
      expect(currentTrace()?.spanId).not.toBe(outer);
    });
  });
  expect(currentTrace()).toBeUndefined();
});

test('records carry the trace and no secret, at any depth, in errors and in texts', () => {
  const lines: string[] = [];
  const logger = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } });
  const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl';
  withTraceparent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', () => {
    logger.error(
      { err: new Error(`refused ${jwt}`, { cause: { password: 'hunter2' } }), request: { headers: { Authorization: 'Bearer abcdefghijkl', 'api-key': 'hunter2' } }, bytes: Buffer.alloc(7), big: 2n ** 60n },
      'failed',
    );
  });
  const [line = ''] = lines;
  expect(JSON.parse(line)).toMatchObject({ level: 'error', name: 'test', traceId: '4bf92f3577b34da6a3ce929d0e0e4736', bytes: '[7 bytes]', big: '1152921504606846976', msg: 'failed' });
  expect(line).not.toMatch(/hunter2|abcdefghijkl|c2lnbmF0dXJl/);
});

test('a private key in a text is blanked, cut or whole', () => {
  expect(redactText('a -----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY----- b')).toBe('a [redacted] b');
  expect(redactText('a -----BEGIN EC PRIVATE KEY-----\nMC4CAQ')).toBe('a [redacted]');
});

test('the pretty form is written at once', () => {
  const lines: string[] = [];
  createLogger({ name: 'test', format: 'pretty', destination: { write: (line) => void lines.push(line) } }).info({ at: 1 }, 'hello');
  expect(lines.join('')).toMatch(/INFO.*hello/);
});

test('two registries live beside each other, and one name is one metric', async () => {
  const [first, second] = [new Metrics(), new Metrics()];
  first.counter('events_total', 'Events.', ['type']).inc({ type: 'a' });
  first.counter('events_total', 'Events.', ['type']).inc({ type: 'a' });
  second.counter('events_total', 'Events.', ['type']);
  expect(await first.text()).toContain('events_total{type="a"} 2');
  expect(await second.text()).not.toContain('type="a"');
});

test('a gauge that is set before each reading shows what is so then', async () => {
  const metrics = new Metrics();
  const gauge = metrics.gauge('waiting', 'Waiting.');
  let waiting = 1;
  metrics.beforeReading(() => gauge.set(waiting));
  expect(await metrics.text()).toContain('waiting 1');
  waiting = 2;
  expect(await metrics.text()).toContain('waiting 2');
});

test('RED counts a call once', async () => {
  const metrics = new Metrics();
  const end = new RedMetrics(metrics, 'grpc_server').start('/a/B');
  expect(await metrics.text()).toContain('grpc_server_in_flight{method="/a/B"} 1');
  end('OK');
  end('INTERNAL');
  const text = await metrics.text();
  expect(text).toContain('grpc_server_handled_total{method="/a/B",code="OK"} 1');
  expect(text).toContain('grpc_server_in_flight{method="/a/B"} 0');
  expect(text).not.toContain('INTERNAL');
});
