import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Database, EmbeddedPostgres } from '@stella/platform-database';
import { testAsRoot } from '@stella/testing';

const folders: string[] = [];
const places = async (mode: number) => {
  const folder = await mkdtemp(join(tmpdir(), 'stella-pg-'));
  folders.push(folder);
  await chmod(folder, mode);
  return { dataFolder: join(folder, 'data'), socketFolder: join(folder, 'run'), withoutDurability: true };
};
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

const withDatabase = async <T>(server: EmbeddedPostgres, work: (database: Database) => Promise<T>): Promise<T> => {
  const database = new Database({ connection: server.connection(), name: 'test' });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
};
const serverPid = async (dataFolder: string) => Number((await readFile(join(dataFolder, 'postmaster.pid'), 'utf8')).split('\n')[0]);
const parentOf = (pid: number) => Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));
const childrenOf = (pid: number) => execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' }).trim().split(/\s+/).map(Number);
/** A zombie, which nobody reaps in some containers, is dead. */
const alive = (pid: number) => existsSync(`/proc/${pid}`) && !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
const holder = async (at: { dataFolder: string; socketFolder: string }): Promise<ChildProcess> => {
  const words = ['--conditions=@stella/source', '--import', join(import.meta.dirname, 'source-loader.mjs'), join(import.meta.dirname, 'holder.ts'), at.dataFolder, at.socketFolder];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
};

testAsRoot('starts below a folder that only root may enter', async () => {
  const at = await places(0o700);
  const server = await EmbeddedPostgres.start(at);
  await withDatabase(server, (database) => database.execute('CREATE TABLE kept (n int)'));
  await server.stop();
  const again = await EmbeddedPostgres.start(at);
  await withDatabase(again, (database) => database.query('SELECT n FROM kept'));
  await again.stop();
}, 60_000);

test('listens on no port', async () => {
  const server = await EmbeddedPostgres.start(await places(0o711));
  await withDatabase(server, async (database) => {
    expect(await database.query('SHOW listen_addresses')).toEqual([{ listen_addresses: '' }]);
  });
  await server.stop();
  expect(server.running).toBe(false);
}, 60_000);

test('ends with the process that started it, and what was committed is there afterwards', async () => {
  const at = await places(0o711);
  const child = await holder(at);
  const pid = await serverPid(at.dataFolder);
  const database = new Database({ connection: { host: at.socketFolder, user: 'stella', database: 'postgres' }, name: 'test' });
  await database.execute('CREATE TABLE kept AS SELECT 42 AS n');
  await database.close();
  child.kill('SIGKILL');
  const deadlineMs = Date.now() + 10_000;
  while (alive(pid) && Date.now() < deadlineMs) await delay(50);
  expect(alive(pid)).toBe(false);
  const server = await EmbeddedPostgres.start(at);
  expect(await withDatabase(server, (again) => again.query('SELECT n FROM kept'))).toEqual([{ n: 42 }]);
  await server.stop();
}, 60_000);

/** A server whose process and watcher were killed. */
async function orphaned(at: { dataFolder: string; socketFolder: string }): Promise<number> {
  const child = await holder(at);
  const orphan = await serverPid(at.dataFolder);
  const watcher = parentOf(orphan);
  for (const pid of [watcher, ...childrenOf(watcher).filter((pid) => pid !== orphan)]) process.kill(pid, 'SIGKILL');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(alive(orphan)).toBe(true);
  return orphan;
}

test('a server whose watcher died too is taken over', async () => {
  const at = await places(0o711);
  const orphan = await orphaned(at);
  const server = await EmbeddedPostgres.start(at);
  expect(alive(orphan)).toBe(false);
  expect(await withDatabase(server, (database) => database.query('SELECT 1 AS n'))).toEqual([{ n: 1 }]);
  await server.stop();
}, 60_000);

test('one that hangs is taken over too', async () => {
  const at = await places(0o711);
  const orphan = await orphaned(at);
  for (const pid of childrenOf(orphan)) process.kill(pid, 'SIGSTOP');
  const server = await EmbeddedPostgres.start(at);
  expect(alive(orphan)).toBe(false);
  expect(await withDatabase(server, (database) => database.query('SELECT 1 AS n'))).toEqual([{ n: 1 }]);
  await server.stop();
}, 120_000);

test('a folder that is no database is refused with the log', async () => {
  const at = await places(0o711);
  await (await EmbeddedPostgres.start(at)).stop();
  await rm(join(at.dataFolder, 'global'), { recursive: true });
  await expect(EmbeddedPostgres.start(at)).rejects.toMatchObject({ reason: 'DATABASE_START_FAILED', facts: { log: expect.stringContaining('global') } });
}, 60_000);
