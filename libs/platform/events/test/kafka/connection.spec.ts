import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkKafkaConnection, KafkaBus, type KafkaConnection } from '@stella/platform-events';
import { createLogger } from '@stella/platform-telemetry';

const GOOD: KafkaConnection = { brokers: ['kafka-0.example:9092', '127.0.0.1:9092'], clientId: 'stella-gate' };
const hidden = (value: string) => ({ reveal: () => value });
const folder = mkdtempSync(join(tmpdir(), 'kafka-connection-'));
afterAll(() => rmSync(folder, { recursive: true }));

function selfSigned(name: string): { certificate: string; key: string } {
  const path = (end: string) => join(folder, `${name}.${end}`);
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-keyout', path('key'), '-out', path('crt')], { stdio: 'ignore' });
  return { certificate: readFileSync(path('crt'), 'utf8'), key: readFileSync(path('key'), 'utf8') };
}

const problemsOf = (change: Partial<KafkaConnection>): string => {
  try {
    checkKafkaConnection({ ...GOOD, ...change });
    return '';
  } catch (error) {
    expect(error).toMatchObject({ reason: 'CONFIG_INVALID' });
    return (error as { facts: { problems: string } }).facts.problems;
  }
};

test.each<[string, Partial<KafkaConnection>]>([
  ['brokers: none', { brokers: [] }],
  ['brokers: more than 64', { brokers: Array<string>(65).fill('a:1') }],
  ['brokers: each is host:port', { brokers: ['a'] }],
  ['brokers: each is host:port', { brokers: ['a:0'] }],
  ['brokers: each is host:port', { brokers: ['a:65536'] }],
  ['brokers: each is host:port', { brokers: ['kafka://a:9092'] }],
  ['clientId: ', { clientId: 'a b' }],
  ['clientId: ', { clientId: 'a'.repeat(201) }],
  ['topicPrefix: ', { topicPrefix: '.acme' }],
  ['topicPrefix: longer than 45', { topicPrefix: 'a'.repeat(46) }],
  ['tls: ca is not', { tls: { ca: 'text' } }],
  ['tls: ca is not', { tls: { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' } }],
  ['tls: certificate and key come together', { tls: { certificate: 'x' } }],
  ['tls: certificate and key cannot be read', { tls: { certificate: 'x', key: hidden('hunter2') } }],
  ['sasl: mechanism is one of plain', { sasl: { mechanism: 'gssapi' as 'plain', username: 'a', password: hidden('hunter2') } }],
  ['sasl: username has', { sasl: { mechanism: 'plain', username: '', password: hidden('hunter2') } }],
  ['sasl: password has', { sasl: { mechanism: 'plain', username: 'a', password: hidden('') } }],
  ['sasl: password has', { sasl: { mechanism: 'plain', username: 'a', password: hidden('hunter2'.repeat(200)) } }],
])('%s: refused without the value', (problem, change) => {
  const problems = problemsOf(change);
  expect(problems).toContain(problem);
  expect(problems).not.toContain('hunter2');
});

test('every problem is named at once', () => {
  expect(problemsOf({ brokers: [], clientId: '', topicPrefix: '/' }).split('; ')).toHaveLength(3);
});

test('what is right passes: plain text, TLS by the system or by PEM of our own, each mechanism', () => {
  const { certificate, key } = selfSigned('one');
  const other = selfSigned('two');
  for (const change of [{}, { topicPrefix: 'acme.' }, { tls: {} }, { tls: { ca: `${certificate}\n${other.certificate}` } }, { tls: { certificate, key: hidden(key) } }]) expect(problemsOf(change)).toBe('');
  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) expect(problemsOf({ sasl: { mechanism, username: 'a', password: hidden('b') } })).toBe('');
  expect(problemsOf({ tls: { certificate, key: hidden(other.key) } })).toContain('do not belong together');
});

test('a bus with a bad connection is not made; a password in plain text is warned of', () => {
  const lines: string[] = [];
  const logger = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } });
  expect(() => new KafkaBus({ connection: { ...GOOD, brokers: [] }, logger })).toThrow(expect.objectContaining({ reason: 'CONFIG_INVALID' }));
  const sasl = { mechanism: 'plain', username: 'a', password: hidden('hunter2') } as const;
  new KafkaBus({ connection: { ...GOOD, sasl, tls: {} }, logger });
  expect(lines).toEqual([]);
  new KafkaBus({ connection: { ...GOOD, sasl }, logger });
  expect(lines.join()).toMatch(/plain text/);
  expect(lines.join()).not.toContain('hunter2');
});
