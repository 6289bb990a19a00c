import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const LOADER = join(import.meta.dirname, '../../database/test/source-loader.mjs');
const WHOLE = {
  STELLA_ORGANISATION: 'acme.example',
  STELLA_DATABASE_URL: 'postgresql://role:hunter2@127.0.0.1:9/stella',
  STELLA_KAFKA_BROKERS: '127.0.0.1:9',
  STELLA_S3_ENDPOINT: 'http://127.0.0.1:9',
  STELLA_S3_BUCKET: 'stella',
  STELLA_S3_ACCESS_KEY: 'a',
  STELLA_S3_SECRET_KEY: 'hunter2',
  STELLA_OIDC_ISSUER: 'http://127.0.0.1:9',
  STELLA_OIDC_CLIENT_ID: 'service-sample',
  STELLA_OIDC_CLIENT_SECRET: 'hunter2',
  STELLA_PSDI_ADDRESS: '127.0.0.1:9',
};

interface Ended {
  readonly code: number;
  readonly out: string;
  /** The log, one record a line. */
  readonly records: readonly Record<string, unknown>[];
}

async function main(words: readonly string[], env: Record<string, string>): Promise<Ended> {
  const child = spawn(process.execPath, ['--conditions=@stella/source', '--import', LOADER, join(import.meta.dirname, 'sample-main.ts'), ...words], { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number];
  expect(out + err).not.toContain('hunter2');
  return { code, out, records: err.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('a configuration that is not usable ends it with 2, and its last record names every problem', async () => {
  const { STELLA_S3_BUCKET: _, ...without } = WHOLE;
  const { code, records } = await main([], { ...without, STELLA_SAMPLE_COUNT: 'many', STELLA_S3_BUKET: 'hunter2' });
  expect(code).toBe(2);
  expect(records.at(-1)).toMatchObject({ level: 'fatal', name: 'stella-sample', reason: 'CONFIG_INVALID', next: expect.stringMatching(/./) });
  for (const problem of ['STELLA_S3_BUCKET: missing', 'STELLA_SAMPLE_COUNT: ', 'STELLA_S3_BUKET: unknown']) expect(String(records.at(-1)?.['msg'])).toContain(problem);
}, 120_000);

test('config prints what was understood, and no secret', async () => {
  const { code, out } = await main(['config'], WHOLE);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ organisation: 'acme.example', databaseUrl: '[redacted]', s3SecretKey: '[redacted]', sampleCount: 3, psdiAddress: '127.0.0.1:9' });
}, 120_000);

test.each([[['frobnicate']], [['serve', 'now']]])('%j is no command', async (words) => {
  const { code, records } = await main(words, WHOLE);
  expect([code, records.at(-1)?.['msg']]).toEqual([2, expect.stringContaining('serve | migrate | config')]);
}, 120_000);

test('servers that do not answer end it with 1 and their names', async () => {
  const migrated = await main(['migrate'], { STELLA_DATABASE_URL: WHOLE.STELLA_DATABASE_URL });
  expect([migrated.code, migrated.records.at(-1)]).toEqual([1, expect.objectContaining({ reason: 'DATABASE_UNAVAILABLE' })]);
  const served = await main(['serve'], WHOLE);
  expect([served.code, served.records.at(-1)]).toEqual([1, expect.objectContaining({ reason: 'UNAVAILABLE', facts: expect.objectContaining({ part: 'blob store' }) })]);
}, 240_000);
