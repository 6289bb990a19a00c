import { setTimeout as delay } from 'node:timers/promises';
import { Database, type DatabaseOptions } from '@stella/platform-database';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';

let server: TestDatabase;
const open: Database[] = [];
beforeAll(async () => {
  server = await startTestDatabase();
  await server.service('settings', [{ name: '0001_init.sql', sql: 'CREATE TABLE account (id int PRIMARY KEY, cents int NOT NULL); INSERT INTO account VALUES (1, 0)' }]);
}, 60_000);
afterAll(async () => {
  await Promise.all(open.map((database) => database.close()));
  await server?.stop();
}, 30_000);

function connect(options: Partial<DatabaseOptions> = {}): Database {
  const database = new Database({ connection: { ...server.administrator, user: 'stella_settings' }, name: 'settings', ...options });
  open.push(database);
  return database;
}

test('each setting holds on the connections of the pool and on those beside it', async () => {
  const database = connect({ name: 'gate', statementTimeoutMs: 1_234, lockTimeoutMs: 2_345, idleInTransactionTimeoutMs: 3_456 });
  const settings = `SELECT name, setting FROM pg_settings WHERE name IN ('application_name', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout') ORDER BY name`;
  const expected = [
    { name: 'application_name', setting: 'gate' },
    { name: 'idle_in_transaction_session_timeout', setting: '3456' },
    { name: 'lock_timeout', setting: '2345' },
    { name: 'statement_timeout', setting: '1234' },
  ];
  expect(await database.query(settings)).toEqual(expected);
  expect(await database.tx((tx) => tx.query(settings))).toEqual(expected);
  const session = await database.session();
  expect((await session.query(settings)).rows).toEqual(expected);
  await session.end();
});

test('who waits too long for a row that another transaction holds is told, and may ask again', async () => {
  const [holder, waiter] = [connect(), connect({ lockTimeoutMs: 100 })];
  const update = 'UPDATE account SET cents = cents + 1 WHERE id = 1';
  await holder.tx(async (tx) => {
    await tx.execute(update);
    await expect(waiter.execute(update)).rejects.toMatchObject({ reason: 'LOCK_TIMEOUT', kind: 'unavailable' });
    await expect(waiter.tx((other) => other.execute(update))).rejects.toMatchObject({ reason: 'LOCK_TIMEOUT' });
    await expect(waiter.tx((other) => other.query('SELECT pg_advisory_xact_lock(1)'))).resolves.toHaveLength(1);
  });
  await expect(waiter.execute(update)).resolves.toBe(1);
});

test('a transaction that is left open is undone, and says so', async () => {
  const database = connect({ idleInTransactionTimeoutMs: 100 });
  const left = database.tx(async (tx) => {
    await tx.execute('UPDATE account SET cents = 1000');
    await delay(400);
    await tx.query('SELECT 1');
  });
  await expect(left).rejects.toMatchObject({ reason: 'TRANSACTION_IDLE' });
  expect(await database.query('SELECT count(*)::int AS count FROM account WHERE cents = 1000')).toEqual([{ count: 0 }]);
});

test('a pool is as large as it is said to be; who finds no connection in time is told that the pool is full', async () => {
  const database = connect({ connectionsMax: 2, connectTimeoutMs: 300 });
  const busy = [1, 2].map(() => database.query('SELECT pg_sleep(1.2)'));
  await delay(50);
  const waiting = database.query('SELECT 1');
  expect(database.use).toMatchObject({ connectionsMax: 2, connections: 2, waiting: 1 });
  await expect(waiting).rejects.toMatchObject({ reason: 'DATABASE_BUSY', facts: { connectionsMax: '2' } });
  await expect(database.tx(async () => 1)).rejects.toMatchObject({ reason: 'DATABASE_BUSY' });
  await Promise.all(busy);
  expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(database.use.connections).toBeLessThanOrEqual(2);
});
