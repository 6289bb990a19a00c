import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDomainError } from '@stella/errors';
import { copyRunningDatabase, Database, type DataFolderSink, EmbeddedPostgres } from '@stella/platform-database';

const root = mkdtempSync(join(tmpdir(), 'stella-copy-'));
chmodSync(root, 0o711);
const dataFolder = join(root, 'data');
let server: EmbeddedPostgres;
let database: Database;

beforeAll(async () => {
  server = await EmbeddedPostgres.start({ dataFolder, socketFolder: join(root, 'run'), withoutDurability: true });
  database = new Database({ connection: server.connection(), name: 'test' });
  await database.execute('CREATE TABLE accounts (id int PRIMARY KEY, amount int NOT NULL, padding text)');
  await database.execute(`INSERT INTO accounts SELECT n, 0, repeat('x', 500) FROM generate_series(1, 5000) n`);
}, 60_000);
afterAll(async () => {
  await database.close();
  await server.stop();
  rmSync(root, { recursive: true, force: true });
}, 30_000);

function into(folder: string, afterFile: () => Promise<void> = () => Promise.resolve()): DataFolderSink {
  mkdirSync(folder, { mode: 0o711 });
  const at = (path: string) => join(folder, 'data', path);
  return {
    async file(path, source) {
      mkdirSync(dirname(at(path)), { recursive: true, mode: 0o700 });
      copyFileSync(source, at(path));
      await afterFile();
    },
    bytes: (path, bytes) => Promise.resolve(writeFileSync(at(path), bytes)),
    folder: (path) => Promise.resolve(void mkdirSync(at(path), { recursive: true, mode: 0o700 })),
  };
}

const startOn = (folder: string) => EmbeddedPostgres.start({ dataFolder: join(folder, 'data'), socketFolder: join(folder, 'run'), withoutDurability: true });

test('a copy that was made while rows changed is one state, and has all that was committed before', async () => {
  let transfers = 0;
  // One moves between two accounts after each file: the sum stays 0 in every state, and in no mixture.
  const transfer = async () => {
    const [one, other] = [1 + ((transfers * 7) % 5000), 1 + ((transfers * 13 + 2500) % 5000)];
    transfers += 1;
    await database.tx(async (tx) => {
      await tx.execute('UPDATE accounts SET amount = amount + 1 WHERE id = $1', [one]);
      await tx.execute('UPDATE accounts SET amount = amount - 1 WHERE id = $1', [other]);
    });
    if (transfers % 100 === 0) await database.execute('CHECKPOINT');
  };
  const folder = join(root, 'whole');
  const { version } = await copyRunningDatabase(server.connection(), dataFolder, into(folder, transfer));
  expect(version).toMatch(/^\d+\.\d+/);
  expect(transfers).toBeGreaterThan(500);
  expect(await database.query('SELECT 1 FROM pg_replication_slots')).toEqual([]);
  await database.execute(`INSERT INTO accounts VALUES (0, 17, '')`);

  const copy = await startOn(folder);
  const copied = new Database({ connection: copy.connection(), name: 'test' });
  try {
    const [sums] = await copied.query<{ rows: bigint; sum: bigint; moved: bigint }>('SELECT count(*) AS rows, sum(amount) AS sum, count(*) FILTER (WHERE amount <> 0) AS moved FROM accounts');
    expect(sums).toMatchObject({ rows: 5000n, sum: 0n });
    expect(Number(sums?.moved)).toBeGreaterThan(500);
    expect(await copied.query('SELECT id FROM accounts WHERE id = 5000')).toEqual([{ id: 5000 }]);
  } finally {
    await copied.close();
    await copy.stop();
  }
}, 120_000);

test('a copy without the end of its log does not start', async () => {
  const folder = join(root, 'torn');
  await copyRunningDatabase(server.connection(), dataFolder, into(folder));
  for (const name of readdirSync(join(folder, 'data/pg_wal'))) if (/^[0-9A-F]{24}$/.test(name)) rmSync(join(folder, 'data/pg_wal', name));
  const error: unknown = await startOn(folder).catch((thrown: unknown) => thrown);
  expect(isDomainError(error, 'DATABASE_START_FAILED') && error.facts['log']).toMatch(/could not locate required checkpoint record|WAL ends before/);
}, 60_000);

test('the server of another folder is not taken for this one', async () => {
  const error: unknown = await copyRunningDatabase(server.connection(), join(root, 'elsewhere'), into(join(root, 'none'))).catch((thrown: unknown) => thrown);
  expect(isDomainError(error, 'DATABASE_REFUSED')).toBe(true);
  expect(readdirSync(join(root, 'none'))).toEqual([]);
}, 30_000);
