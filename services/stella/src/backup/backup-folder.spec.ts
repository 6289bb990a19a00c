import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { isDomainError } from '@stella/errors';
import { BackupReader } from './backup-reader.js';
import { BackupWriter, type Written } from './backup-writer.js';
import { limits } from './limits.js';

const FACTS = { shape: 'embedded', organisation: 'acme.example', madeBy: '0.1.0', createTime: new Date(1_700_000_000_000), databaseVersion: '18.1', schemas: [], keys: 'included' } as const;
const root = mkdtempSync(join(tmpdir(), 'backup-folder-'));
let count = 0;
let folder: string;

beforeEach(() => {
  folder = join(root, String(++count));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function make(at = folder): Promise<Written> {
  const writer = await BackupWriter.open(at);
  try {
    await writer.write('organisation', Buffer.from('acme.example\n'));
    await writer.write('keys/log.pem', Buffer.from('secret'));
    await writer.write('postgres/global/1', chunks('rows'));
    for (const empty of ['postgres/pg_notify', 'postgres/pg_wal/archive_status']) await writer.addFolder(empty);
    return await writer.finish(FACTS);
  } finally {
    await writer.close();
  }
}

async function* chunks(text: string): AsyncGenerator<Buffer> {
  for (const letter of text) {
    await turn();
    yield Buffer.from(letter);
  }
}

async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  const error: unknown = await work.then(() => 'nothing was thrown', (thrown: unknown) => thrown);
  return isDomainError(error) ? { reason: error.reason, ...error.facts } : error;
}

const read = async (at = folder): Promise<void> => (await BackupReader.open(at, { shape: 'embedded' })).verify();

test('a backup says what it holds, and only its owner reads it', async () => {
  const { manifest, manifestSha256 } = await make();
  expect(manifest).toMatchObject({ ...FACTS, files: 3, blobs: 0, sizeBytes: 23, emptyFolders: ['postgres/pg_notify', 'postgres/pg_wal/archive_status'] });
  const reader = await BackupReader.open(folder, { shape: 'embedded', manifestSha256 });
  expect(reader.manifest).toEqual(manifest);
  await reader.verify();
  expect(reader.paths('keys/')).toEqual(['keys/log.pem']);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    expect([entry.name, statSync(join(entry.parentPath, entry.name)).mode & 0o777]).toEqual([entry.name, entry.isDirectory() ? 0o700 : 0o600]);
  }
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder).sort()).toEqual(['files.sha256', 'keys', 'manifest.json', 'organisation', 'postgres']);
});

test('it is never written over, and nothing of somebody else is', async () => {
  await make();
  expect(await reasonOf(make())).toEqual({ reason: 'BACKUP_EXISTS', folder, holds: 'a whole backup' });
  await read();
  const other = join(root, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'thesis.txt'), 'x');
  expect(await reasonOf(make(other))).toEqual({ reason: 'BACKUP_EXISTS', folder: other, holds: 'thesis.txt' });
  expect(readdirSync(other)).toEqual(['thesis.txt']);
});

test('one that was interrupted is none, and is begun again', async () => {
  const writer = await BackupWriter.open(folder);
  await writer.write('keys/old.pem', Buffer.from('half'));
  expect(await reasonOf(make())).toMatchObject({ reason: 'NODE_RUNNING' });
  await writer.close();
  expect(await reasonOf(read())).toMatchObject({ reason: 'BACKUP_INCOMPLETE', problem: 'it was interrupted, or is still being made' });
  const { manifest } = await make();
  expect(manifest.files).toBe(3);
  await read();
  expect(await reasonOf(read(join(root, 'nowhere')))).toMatchObject({ reason: 'BACKUP_INCOMPLETE', problem: 'there is no manifest.json' });
});

test('a source that breaks off leaves no backup', async () => {
  const writer = await BackupWriter.open(folder);
  const broken = (async function* () {
    yield Buffer.from('half');
    await turn();
    throw new Error('cut');
  })();
  await expect(writer.write('x', broken)).rejects.toThrow('cut');
  expect(await writer.copy('gone', join(root, 'gone'))).toBe(false);
  for (const path of ['../x', 'a/../x', '/etc/x', 'a b', '.hidden', 'a//b', 'x'.repeat(limits.pathCharsMax + 1)]) expect(await reasonOf(writer.write(path, Buffer.alloc(0)))).toMatchObject({ reason: 'FILE_NOT_WRITTEN', path });
  await writer.close();
  expect(await reasonOf(read())).toMatchObject({ reason: 'BACKUP_INCOMPLETE' });
});

const flip = (path: string, at: number) => {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
};

test.each<[string, (folder: string) => void, string]>([
  ['a byte of a file', (at) => flip(join(at, 'postgres/global/1'), 1), 'postgres/global/1'],
  ['a byte of a key', (at) => flip(join(at, 'keys/log.pem'), 0), 'keys/log.pem'],
  ['a byte of the list', (at) => flip(join(at, 'files.sha256'), 0), 'files.sha256'],
  ['a digit of the digest of the list', (at) => writeFileSync(join(at, 'manifest.json'), readFileSync(join(at, 'manifest.json'), 'utf8').replace(/"listSha256": "./, '"listSha256": "x')), 'manifest.json'],
  ['a file that is missing', (at) => rmSync(join(at, 'organisation')), 'organisation'],
  ['a file that is shorter', (at) => truncateSync(join(at, 'organisation'), 3), 'organisation'],
  ['a file that is longer', (at) => appendFileSync(join(at, 'organisation'), 'x'), 'organisation'],
  ['a file that nobody listed', (at) => writeFileSync(join(at, 'postgres/extra'), 'x'), 'postgres/extra'],
  ['a link', (at) => (rmSync(join(at, 'organisation')), symlinkSync('/etc/hostname', join(at, 'organisation'))), 'organisation'],
  ['no list', (at) => rmSync(join(at, 'files.sha256')), 'files.sha256'],
  ['a list that is too long', (at) => truncateSync(join(at, 'files.sha256'), limits.listBytesMax + 1), 'files.sha256'],
  ['a manifest that is too long', (at) => truncateSync(join(at, 'manifest.json'), limits.manifestBytesMax + 1), 'manifest.json'],
  ['a manifest that is none', (at) => writeFileSync(join(at, 'manifest.json'), '{}'), 'manifest.json'],
  ['a path that leads out', (at) => writeFileSync(join(at, 'files.sha256'), `${'0'.repeat(64)}  ../x\n`), 'files.sha256'],
])('is refused: %s', async (_what, damage, file) => {
  await make();
  damage(folder);
  expect(await reasonOf(read())).toMatchObject({ reason: 'BACKUP_DAMAGED', file });
});

test('another backup than the one that was meant, of another shape, and of a later format is refused', async () => {
  const { manifestSha256 } = await make();
  expect(await reasonOf(BackupReader.open(folder, { manifestSha256: '0'.repeat(64) }))).toMatchObject({ reason: 'BACKUP_DAMAGED', actual: manifestSha256 });
  expect(await reasonOf(BackupReader.open(folder, { shape: 'cluster' }))).toEqual({ reason: 'BACKUP_UNSUITABLE', backup: 'embedded', wanted: 'cluster' });
  const path = join(folder, 'manifest.json');
  writeFileSync(path, JSON.stringify({ ...(JSON.parse(readFileSync(path, 'utf8')) as object), version: 2, madeBy: '9.0.0', unheardOf: true }));
  expect(await reasonOf(read())).toEqual({ reason: 'BACKUP_FORMAT_NEWER', format: '2', formatMax: '1', madeBy: '9.0.0' });
});

test('a blob is named by its digest', async () => {
  const writer = await BackupWriter.open(folder);
  await writer.write(`blobs/00/${'0'.repeat(64)}`, Buffer.from('others'));
  await writer.finish(FACTS);
  await writer.close();
  expect(await reasonOf(read())).toMatchObject({ reason: 'BACKUP_DAMAGED', problem: 'a blob is named by its digest' });
});
