import { AdvisoryLocks, Database, isUniqueViolation, lockInTransaction, migrate, type Migration } from '@stella/platform-database';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { provisionService } from '@stella/platform-database';

const INIT: Migration = { name: '0001_init.sql', sql: 'CREATE TABLE account (id int PRIMARY KEY, cents bigint NOT NULL); INSERT INTO account VALUES (1, 100), (2, 0)' };
let testDatabase: TestDatabase;
let first: Database;
let second: Database;

beforeAll(async () => {
  testDatabase = await startTestDatabase();
  first = await testDatabase.service('first', [INIT]);
  second = await testDatabase.service('second-one', [{ name: '0001_init.sql', sql: 'CREATE TABLE hidden (n int)' }]);
}, 60_000);
afterAll(() => testDatabase?.stop(), 30_000);

test('a role sees its own schema and nothing of the others', async () => {
  await expect(first.query('SELECT * FROM second_one.hidden')).rejects.toThrow('permission denied for schema second_one');
  await expect(second.query('SELECT * FROM first.account')).rejects.toThrow('permission denied for schema first');
  for (const statement of ['CREATE SCHEMA mine', 'CREATE TABLE public.mine (n int)', 'CREATE TEMPORARY TABLE mine (n int)', 'CREATE ROLE mine', 'CREATE DATABASE mine', "COPY account TO '/tmp/stella-never'", 'SET ROLE stella']) {
    await expect(first.execute(statement)).rejects.toThrow(/permission denied/);
  }
  await expect(first.execute('CREATE TABLE mine (n int)')).resolves.toBe(0);
});

test('a role may not enter another database', async () => {
  const elsewhere = new Database({ connection: { ...testDatabase.administrator, user: 'stella_first', database: 'postgres' }, name: 'test' });
  await testDatabase.service('third');
  await expect(elsewhere.query('SELECT * FROM first.account')).rejects.toThrow(/does not exist|permission denied/);
  await elsewhere.close();
});

test('provisioning again changes nothing', async () => {
  const again = await provisionService(testDatabase.administrator, 'first');
  expect(again).toMatchObject({ role: 'stella_first', schema: 'first' });
  expect(await first.query('SELECT count(*) FROM account')).toEqual([{ count: 2n }]);
});

test('many services are provisioned at once', async () => {
  const names = Array.from({ length: 8 }, (_, n) => `crowd-${n}`);
  const made = await Promise.all(names.map((name) => provisionService(testDatabase.administrator, name)));
  expect(made.map(({ schema }) => schema)).toEqual(names.map((name) => name.replace('-', '_')));
});

test('two starts at once provision and migrate once', async () => {
  const both = await Promise.all([1, 2].map(async () => {
    const { connection } = await provisionService(testDatabase.administrator, 'racing');
    return migrate(connection, [INIT]);
  }));
  expect(both.flat()).toEqual(['0001_init.sql']);
});

test('an applied migration may neither change nor vanish unnoticed, and a failing one leaves nothing', async () => {
  const { connection } = await provisionService(testDatabase.administrator, 'changing');
  await migrate(connection, [INIT]);
  await expect(migrate(connection, [{ ...INIT, sql: `${INIT.sql} ` }])).rejects.toMatchObject({ reason: 'MIGRATION_CHANGED', facts: { name: '0001_init.sql' } });
  const broken = { name: '0002_broken.sql', sql: 'CREATE TABLE half (n int); SELECT 1/0' };
  await expect(migrate(connection, [INIT, broken])).rejects.toMatchObject({ reason: 'MIGRATION_FAILED', facts: { name: '0002_broken.sql', problem: 'division by zero' } });
  expect(await migrate(connection, [INIT, { ...broken, sql: 'CREATE TABLE half (n int)' }])).toEqual(['0002_broken.sql']);
});

test('bigint, bytes and times keep their values', async () => {
  const [row] = await first.query('SELECT $1::bigint AS big, $2::bytea AS bytes, $3::timestamptz AS at', [2n ** 62n, Buffer.from([0, 255]), new Date('2020-02-29T12:00:00.123Z')]);
  expect(row).toEqual({ big: 2n ** 62n, bytes: Buffer.from([0, 255]), at: new Date('2020-02-29T12:00:00.123Z') });
});

test('a transaction that throws leaves nothing, and its afterCommit does not run', async () => {
  let ran = false;
  const failing = first.tx(async (tx) => {
    tx.afterCommit(() => (ran = true));
    await tx.execute('UPDATE account SET cents = 1');
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await first.query('SELECT cents FROM account ORDER BY id')).toEqual([{ cents: 100n }, { cents: 0n }]);
  expect(ran).toBe(false);
});

test('serializable transfers that collide are run again until each is done once', async () => {
  await first.execute('UPDATE account SET cents = 100');
  let attempts = 0;
  const transfer = () =>
    first.tx(
      async (tx) => {
        attempts++;
        const [{ sum }] = (await tx.query<{ sum: string }>('SELECT sum(cents) FROM account')) as [{ sum: string }];
        await tx.execute('UPDATE account SET cents = cents + 1 WHERE id = 1');
        return sum;
      },
      { isolation: 'serializable' },
    );
  const settled = await Promise.allSettled(Array.from({ length: 4 }, transfer));
  expect(settled.map((s) => s.status)).toEqual(Array(4).fill('fulfilled'));
  expect(await first.query('SELECT cents FROM account WHERE id = 1')).toEqual([{ cents: 104n }]);
  expect(attempts).toBeGreaterThanOrEqual(4);
});

test('a unique violation is told from other errors', async () => {
  const error = await first.execute('INSERT INTO account VALUES (1, 0)').catch((e: unknown) => e);
  expect([isUniqueViolation(error), isUniqueViolation(error, 'account_pkey'), isUniqueViolation(error, 'other')]).toEqual([true, true, false]);
});

test('a statement past its time is stopped with its reason', async () => {
  const hasty = new Database({ connection: { ...testDatabase.administrator, user: 'stella_first' }, name: 'hasty', statementTimeoutMs: 50 });
  await expect(hasty.query('SELECT pg_sleep(5)')).rejects.toMatchObject({ reason: 'STATEMENT_TIMEOUT' });
  await hasty.close();
});

test('a lost connection is a reason, and the next call gets a new one', async () => {
  const admin = new Database({ connection: testDatabase.administrator, name: 'admin' });
  const cut = first.tx(async (tx) => {
    const [{ pid }] = (await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')) as [{ pid: number }];
    await admin.query('SELECT pg_terminate_backend($1)', [pid]);
    await tx.query('SELECT 1');
  });
  await expect(cut).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  expect(await first.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await admin.close();
});

test('a server that is not there is unavailable', async () => {
  const nowhere = new Database({ connection: { host: '/nowhere', user: 'x', database: 'x' }, name: 'nowhere' });
  await expect(nowhere.query('SELECT 1')).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  await expect(nowhere.tx(async () => 1)).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  await nowhere.close();
});

describe('locks by name', () => {
  const NEVER = new AbortController().signal;

  test('one holder at a time, each service its own names; whoever gives up waiting is told', async () => {
    const locks = new AdvisoryLocks(first);
    const order: string[] = [];
    const release = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const holding = locks.hold('job', NEVER, async () => {
      held.resolve();
      await release.promise;
      order.push('first');
    });
    await held.promise;
    await new AdvisoryLocks(second).hold('job', NEVER, async () => order.push('another service'));
    await expect(locks.hold('job', AbortSignal.timeout(50), async () => order.push('never'))).rejects.toMatchObject({ reason: 'CANCELLED', facts: { waitingFor: 'job' } });
    const waiting = locks.hold('job', NEVER, async () => order.push('second'));
    release.resolve();
    await Promise.all([holding, waiting]);
    expect(order).toEqual(['another service', 'first', 'second']);
  });

  test('a failure of the work frees the lock, and a lock in a transaction ends with it', async () => {
    const locks = new AdvisoryLocks(first);
    await expect(locks.hold('job', NEVER, () => Promise.reject(new Error('work')))).rejects.toThrow('work');
    await first.tx((tx) => lockInTransaction(tx, 'job'));
    expect(await locks.hold('job', AbortSignal.timeout(2_000), async () => 'free')).toBe('free');
  });
});
