import { readdirSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Database, databaseConnection, migrate, provisionService, requireMigrated } from '@stella/platform-database';
import { migrationsOf } from '@stella/platform-runtime';
import { Client, type ClientConfig } from 'pg';
import { killServer, type PostgresAddress, useServers } from '../servers/index.mjs';

const services = join(import.meta.dirname, '../../services');
const names = readdirSync(services, { withFileTypes: true }).filter((entry) => entry.isDirectory() && readdirSync(join(services, entry.name)).includes('migrations')).map(({ name }) => name);
const open: Database[] = [];
let address: PostgresAddress;
let administrator: ClientConfig;
beforeAll(async () => {
  ({ postgres: address } = await useServers(['postgres']));
  administrator = await newDatabase();
}, 1_800_000);
afterAll(async () => {
  await Promise.all(open.map((database) => database.close()));
});

async function newDatabase(): Promise<ClientConfig> {
  const name = `test_${randomUUID().slice(0, 8)}`;
  const client = new Client({ ...address });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return { ...address, database: name };
}

/** As an operator gives it to a service. */
function urlOf({ user, password, database }: ClientConfig): string {
  return `postgresql://${user}:${encodeURIComponent(String(password))}@${address.host}:${address.port}/${database}`;
}

async function service(name: string): Promise<ClientConfig> {
  const { connection } = await provisionService(administrator, name, 'p@ss/word');
  return databaseConnection({ url: urlOf(connection) });
}

test.each(names)('%s: the operator makes its role, its migrations are a step of their own, and without them it does not start', async (name) => {
  const connection = await service(name);
  const migrations = await migrationsOf({ migrationsFolder: join(services, name, 'migrations') });
  await expect(requireMigrated(connection, migrations)).rejects.toMatchObject({ reason: 'SCHEMA_OUTDATED', facts: { missing: expect.stringContaining('0001_init.sql') }, next: expect.stringMatching(/migrate/) });
  const [first, second] = await Promise.all([migrate(connection, migrations), migrate(connection, migrations)]);
  expect([...first, ...second].sort()).toEqual(migrations.map((migration) => migration.name).sort());
  await expect(requireMigrated(connection, migrations)).resolves.toBeUndefined();
  // The code before the newest migration works on with it.
  await expect(requireMigrated(connection, migrations.slice(0, -1))).resolves.toBeUndefined();
});

test('a service sees its own schema only, and its password counts', async () => {
  const [gate, psdi] = [new Database({ connection: await service('gate'), name: 'gate' }), await service('psdi')];
  open.push(gate);
  await expect(gate.query('SELECT * FROM psdi.stella_migrations')).rejects.toThrow(/permission denied for schema psdi/);
  await expect(gate.execute('CREATE TABLE public.mine (n int)')).rejects.toThrow(/permission denied/);
  const wrong = new Database({ connection: { ...psdi, password: 'wrong' }, name: 'wrong' });
  open.push(wrong);
  await expect(wrong.query('SELECT 1')).rejects.toMatchObject({ reason: 'DATABASE_REFUSED', facts: { code: '28P01' } });
});

test('a server that is killed and comes back is used again by the same pool, with what was committed', async () => {
  const database = new Database({ connection: await service('survivor'), name: 'survivor', connectTimeoutMs: 5_000 });
  open.push(database);
  await database.execute('CREATE TABLE kept (n int)');
  await database.tx((tx) => tx.execute('INSERT INTO kept VALUES (1)'));
  const cut = database.tx(async (tx) => {
    await tx.execute('INSERT INTO kept VALUES (2)');
    await killServer('postgres');
    await tx.execute('INSERT INTO kept VALUES (3)');
  });
  await expect(cut).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  await expect(database.query('SELECT 1')).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  const { postgres } = await useServers(['postgres']);
  expect(postgres.port).toBe(address.port);
  expect(await database.query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
}, 180_000);
