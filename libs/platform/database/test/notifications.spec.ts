import { type Database, Notifications, notify, requireMigrated } from '@stella/platform-database';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';

let testDatabase: TestDatabase;
let first: Database;
let second: Database;

beforeAll(async () => {
  testDatabase = await startTestDatabase();
  first = await testDatabase.service('first', [{ name: '0001_init.sql', sql: 'CREATE TABLE one (n int)' }]);
  second = await testDatabase.service('second');
}, 60_000);
afterAll(() => testDatabase?.stop(), 30_000);

/** What is heard, and a wait for the next word. */
function ears(database: Database, channel = 'things') {
  const words: (string | undefined)[] = [];
  let wake = (): void => undefined;
  const notifications = new Notifications(database, channel, (word) => {
    words.push(word);
    wake();
  });
  const until = async (isEnough: () => boolean): Promise<void> => {
    while (!isEnough()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return { notifications, words, until };
}

test('a word is heard once its transaction commits, never when it does not, by everybody of the schema and by nobody else', async () => {
  const [here, there, elsewhere, otherChannel] = [ears(first), ears(first), ears(second), ears(first, 'others')];
  const all = [here, there, elsewhere, otherChannel];
  for (const { notifications } of all) notifications.start();
  await Promise.all(all.map(({ words, until }) => until(() => words.length === 1)));
  await expect(first.tx(async (tx) => {
    await notify(tx, 'things', 'never');
    throw new Error('no');
  })).rejects.toThrow('no');
  await first.tx(async (tx) => {
    await notify(tx, 'things', 'a word');
    expect(here.words).toEqual([undefined]);
  });
  await notify(first, 'others', 'done');
  await notify(second, 'things', 'done');
  await Promise.all(all.map(({ words, until }) => until(() => words.length === 2)));
  expect(all.map(({ words }) => words[1])).toEqual(['a word', 'a word', 'done', 'done']);
  await Promise.all(all.map(({ notifications }) => notifications.stop()));
});

test('a lost connection is replaced, and whoever listens is told that words may have been missed', async () => {
  const { notifications, words, until } = ears(first, 'cut');
  notifications.start();
  await until(() => words.length === 1);
  const administrator = await testDatabase.service('first');
  await administrator.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %cut%' AND usename = current_user`);
  await until(() => words.length === 2);
  expect(words).toEqual([undefined, undefined]);
  await notify(first, 'cut', 'again');
  await until(() => words.length === 3);
  expect(words[2]).toBe('again');
  await notifications.stop();
  await notify(first, 'cut', 'nobody');
  expect(words).toHaveLength(3);
});

test('a schema that lacks a migration is told, one that has more is not', async () => {
  const { administrator } = testDatabase;
  const connection = { ...administrator, user: 'stella_first' };
  const migrations = [{ name: '0001_init.sql', sql: '' }];
  await expect(requireMigrated(connection, migrations)).resolves.toBeUndefined();
  await expect(requireMigrated(connection, [])).resolves.toBeUndefined();
  await expect(requireMigrated(connection, [...migrations, { name: '0002_more.sql', sql: '' }])).rejects.toMatchObject({ reason: 'SCHEMA_OUTDATED', facts: { missing: '0002_more.sql' } });
  await expect(requireMigrated({ ...administrator, user: 'stella_second' }, migrations)).rejects.toMatchObject({ reason: 'SCHEMA_OUTDATED' });
  await expect(requireMigrated({ ...connection, host: '/nowhere' }, migrations)).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
});
