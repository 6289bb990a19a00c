import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '@stella/platform-database';
import { parseRecord, refusedBySchema, SqlRecorder, startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { formatRecord, normalise } from '../src/testing/sql-record.js';

let server: TestDatabase;
let database: Database;
let folder: string;
beforeAll(async () => {
  server = await startTestDatabase();
  database = await server.service('shop', [{ name: '0001_init.sql', sql: 'CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL)' }]);
  folder = await mkdtemp(join(tmpdir(), 'stella-record-'));
}, 60_000);
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
}, 30_000);
afterEach(() => void delete process.env['STELLA_SQL_RECORD']);

const laidOut = `SELECT id, name -- both
   FROM item
  WHERE name = $1 AND name <> ' FROM  x';`;

test('a statement has one form however it is laid out, and a record reads back as it was written', () => {
  expect(normalise(laidOut)).toBe(normalise(laidOut.replaceAll('\n', ' \n\t')));
  const statements = [normalise(laidOut), 'DELETE FROM item WHERE id = $1', 'INSERT INTO item (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING'].sort();
  const text = formatRecord([...statements, ...statements]);
  expect(parseRecord(text)).toEqual(statements);
  expect(text).toContain("SELECT id, name\n  FROM item\n  WHERE name = $1 AND name <> ' FROM x';");
  expect(formatRecord(parseRecord(text))).toBe(text);
});

test('a statement that is not in the record fails the suite that ran it, and is added on request', async () => {
  const path = join(folder, 'sql', 'recorded.sql');
  const watch = () => new SqlRecorder((name) => (name === 'shop' ? path : undefined));
  const first = watch();
  await database.query(laidOut, ['x']);
  await database.tx((tx) => tx.execute('DELETE FROM item WHERE id = $1', [1]));
  await database.query('SELECT 1');
  await expect(first.finish()).rejects.toThrow(/npm run record-sql[\s\S]*DELETE FROM item/);
  const [second, third] = [watch(), watch()];
  await database.query(laidOut, ['x']);
  await database.tx((tx) => tx.execute('DELETE FROM item WHERE id = $1', [1]));
  process.env['STELLA_SQL_RECORD'] = 'update';
  await Promise.all([second.finish(), third.finish()]);
  delete process.env['STELLA_SQL_RECORD'];
  expect(parseRecord(await readFile(path, 'utf8'))).toHaveLength(2);
  const fourth = watch();
  await database.query(laidOut.replaceAll('   ', ' '), ['y']);
  await expect(fourth.finish()).resolves.toBeUndefined();
});

test('the statements of an earlier version are held against the schema of now', async () => {
  const { administrator } = server;
  const connection = { ...administrator, user: 'stella_shop' };
  const statements = ['DELETE FROM item WHERE id = $1', 'SELECT price FROM item', 'INSERT INTO item (id, name) VALUES ($1, $2)', "LISTEN x", 'SELECT gone($1)'];
  const refused = await refusedBySchema(connection, statements);
  expect(refused).toEqual([
    { statement: 'SELECT price FROM item', problem: 'column "price" does not exist' },
    { statement: 'SELECT gone($1)', problem: expect.stringContaining('function gone(unknown) does not exist') },
  ]);
  expect(await database.query('SELECT count(*)::int AS count FROM item')).toEqual([{ count: 0 }]);
  await writeFile(join(folder, 'empty.sql'), '');
  expect(await refusedBySchema(connection, parseRecord(''))).toEqual([]);
});
