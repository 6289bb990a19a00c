import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDomainError } from '@stella/errors';
import { dumpDatabase, EmbeddedPostgres, migrate, provisionService, restoreDump } from '@stella/platform-database';
import { ended, withClientPrograms } from '../src/dump/client-programs.js';

// What pg_dump and psql do themselves is looked at on the server that they belong to (e2e/test/backup.spec.ts).
const root = mkdtempSync(join(tmpdir(), 'stella-dump-'));
chmodSync(root, 0o711);
const socketFolder = join(root, 'run');
const address = { url: `postgresql://stella@localhost/shop?host=${socketFolder}` };
let server: EmbeddedPostgres;

beforeAll(async () => {
  server = await EmbeddedPostgres.start({ dataFolder: join(root, 'data'), socketFolder, withoutDurability: true });
  await server.createDatabase('shop');
}, 60_000);
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
}, 30_000);

async function refusal(work: Promise<unknown>): Promise<unknown> {
  const error: unknown = await work.then(() => 'nothing was thrown', (thrown: unknown) => thrown);
  return isDomainError(error) ? { reason: error.reason, ...error.facts } : error;
}

const nothing = async (bytes: AsyncIterable<Uint8Array>) => {
  for await (const _chunk of bytes) continue;
};

test('a database of nobody is not dumped, and one that is not there neither', async () => {
  expect(await refusal(dumpDatabase(address, nothing))).toMatchObject({ reason: 'DATABASE_REFUSED', database: 'shop' });
  expect(await refusal(dumpDatabase({ url: address.url.replace('/shop', '/other') }, nothing))).toMatchObject({ reason: 'DATABASE_REFUSED', code: '3D000' });
});

test('nothing is restored over what is there, nor where nobody made room', async () => {
  const restore = { schemas: ['gate'], path: join(root, 'none.dump') };
  expect(await refusal(restoreDump(address, restore))).toMatchObject({ reason: 'DATABASE_REFUSED', schemas: 'gate' });
  const { connection } = await provisionService(server.connection('shop'), 'gate');
  await migrate(connection, [{ name: '0001_init.sql', sql: 'CREATE TABLE kept (n int)' }]);
  expect(await refusal(restoreDump(address, restore))).toEqual({ reason: 'INSTALLATION_NOT_EMPTY', database: 'shop', schemas: 'gate' });
}, 30_000);

test('programs that are older than the server are not used', async () => {
  expect(await refusal(withClientPrograms(address, 99, () => Promise.resolve()))).toMatchObject({ reason: 'DATABASE_TOOL_FAILED', serverVersion: '99' });
});

test('a program that fails says why', async () => {
  const failing = spawn('/bin/sh', ['-c', 'echo "no room" >&2; exit 3']);
  expect(await refusal(ended('psql', failing))).toEqual({ reason: 'DATABASE_TOOL_FAILED', program: 'psql', problem: 'ended with 3', log: 'no room' });
  expect(await refusal(ended('psql', spawn(join(root, 'missing'))))).toMatchObject({ reason: 'DATABASE_TOOL_FAILED', problem: expect.stringMatching(/ENOENT/) });
});
