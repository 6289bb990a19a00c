import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { isDomainError } from '@stella/errors';
import { z } from 'zod';
import { durationMs, durationText, durationWithin, flag, list, loadConfig, port, printableConfig, secret, Secret, sizeBytes, VALUE_FILE_BYTES_MAX } from './index.js';

const schema = z.object({
  grpcPort: port().default(7443),
  drainTimeout: durationMs().prefault('5s'),
  blobSizeMax: sizeBytes().prefault('1GiB'),
  peers: list().prefault(''),
  pretty: flag().prefault('true'),
  databasePassword: secret(),
});
const problemsOf = (env: Record<string, string>): string => {
  try {
    loadConfig(schema, env);
  } catch (error) {
    if (isDomainError(error, 'CONFIG_INVALID')) return error.facts['problems'] ?? '';
    throw error;
  }
  throw new Error('it was accepted');
};

test('reads typed values and defaults, and looks only at its own prefix', () => {
  const config = loadConfig(schema, { STELLA_DRAIN_TIMEOUT: '250ms', STELLA_PEERS: 'a, b,', STELLA_DATABASE_PASSWORD: 'x', HOME: '/', STELLA_GRPC_PORT: '' });
  expect(config).toMatchObject({ grpcPort: 7443, drainTimeout: 250, blobSizeMax: 1024 ** 3, peers: ['a', 'b'], pretty: true });
  expect(Object.isFrozen(config)).toBe(true);
});

test('names every unknown and every bad variable at once, and repeats no value', () => {
  const problems = problemsOf({ STELLA_GRPC_PROT: '1', STELLA_GRPC_PORT: '70000', STELLA_DRAIN_TIMEOUT: 'hunter2' });
  expect(problems).toContain('STELLA_GRPC_PROT: unknown');
  expect(problems).toContain('STELLA_GRPC_PORT: ');
  expect(problems).toContain('STELLA_DRAIN_TIMEOUT: a duration is');
  expect(problems).toContain('STELLA_DATABASE_PASSWORD: missing');
  expect(problems).not.toContain('hunter2');
});

test('a duration outside of its bounds is told with what was given, the bounds and the reason', () => {
  const bounded = z.object({ kept: durationWithin({ min: '9d', max: '3650d', because: 'what is younger is still asked for' }).prefault('30d') });
  const read = (text: string) => loadConfig(bounded, { STELLA_KEPT: text }).kept;
  expect([read(''), read('9d'), read('216h'), read('3650d')]).toEqual([30, 9, 9, 3650].map((days) => days * 86_400_000));
  for (const [given, told] of [['8d', '8d'], ['215h', '215h'], ['0s', '0ms'], ['3651d', '3651d'], ['777599999ms', '777599999ms']] as const) {
    expect(() => read(given)).toThrow(`STELLA_KEPT: ${told} is not within 9d and 3650d: what is younger is still asked for`);
  }
  expect(() => read('soon')).toThrow(/STELLA_KEPT: a duration is/);
});

test.each([[0, '0ms'], [1_500, '1500ms'], [90_000, '90s'], [7_200_000, '2h'], [172_800_000, '2d']])('%d ms are written as %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test('a variable that another part reads is not unknown when it is named', () => {
  expect(() => loadConfig(schema, { STELLA_DATABASE_PASSWORD: 'x', STELLA_VECTORS: 'y' }, { alsoKnown: ['STELLA_VECTORS'] })).not.toThrow();
});

test('a secret comes from a file, is revealed on request only and shows nowhere', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'password');
  writeFileSync(file, 'hunter2\n');
  const config = loadConfig(schema, { STELLA_DATABASE_PASSWORD_FILE: file });
  expect(config.databasePassword).toBeInstanceOf(Secret);
  expect(config.databasePassword.reveal()).toBe('hunter2');
  for (const shown of [JSON.stringify(printableConfig(config)), inspect(config, { depth: 5 }), `${config.databasePassword}`]) {
    expect(shown).toContain('[redacted]');
    expect(shown).not.toContain('hunter2');
  }
});

test('a secret given twice, or in a file that cannot be read, is refused', () => {
  expect(problemsOf({ STELLA_DATABASE_PASSWORD: 'x', STELLA_DATABASE_PASSWORD_FILE: '/dev/null' })).toContain('given twice');
  expect(problemsOf({ STELLA_DATABASE_PASSWORD_FILE: '/nowhere/at/all' })).toContain('ENOENT');
});

test('a file holds as much as a Kubernetes Secret, and no more', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'document');
  writeFileSync(file, 'x'.repeat(VALUE_FILE_BYTES_MAX));
  expect(loadConfig(schema, { STELLA_DATABASE_PASSWORD_FILE: file }).databasePassword.reveal()).toHaveLength(VALUE_FILE_BYTES_MAX);
  writeFileSync(file, 'x'.repeat(VALUE_FILE_BYTES_MAX + 1));
  expect(problemsOf({ STELLA_DATABASE_PASSWORD_FILE: file })).toContain('larger than');
});

test.each(['STELLA_GATE_SERVICE_HOST', 'STELLA_GATE_SERVICE_PORT_GRPC', 'STELLA_GATE_PORT', 'STELLA_GATE_PORT_7070_TCP_ADDR'])('%s is what Kubernetes adds, and the problem says how to keep it away', (variable) => {
  expect(problemsOf({ STELLA_DATABASE_PASSWORD: 'x', [variable]: '10.0.0.1' })).toBe(`${variable}: unknown (from Kubernetes? set enableServiceLinks: false)`);
});
