import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrate, provisionService } from '@stella/platform-database';
import { parseRecord, refusedBySchema, startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { migrationsOf } from '@stella/platform-runtime';
import type { ClientConfig } from 'pg';

const releases = join(import.meta.dirname, 'releases');
const services = join(import.meta.dirname, '../..');
const EVENTS = 'events.sql';
const files = readdirSync(releases).flatMap((release) => readdirSync(join(releases, release)).map((file) => [release, file] as const));
const statementsOf = (release: string, file: string) => parseRecord(readFileSync(join(releases, release, file), 'utf8'));

let server: TestDatabase;
beforeAll(async () => {
  server = await startTestDatabase();
}, 60_000);
afterAll(() => server?.stop(), 30_000);

/** The schema of a service as this version leaves it. */
async function newestSchema(service: string): Promise<ClientConfig> {
  const { connection } = await provisionService(server.administrator, service);
  await migrate(connection, await migrationsOf({ migrationsFolder: join(services, service, 'migrations') }));
  return connection;
}

test('there is a record of an earlier release to hold the schemas against', () => {
  expect(files.length).toBeGreaterThan(0);
  for (const [release, file] of files) expect([release, file, statementsOf(release, file).length > 0]).toEqual([release, file, true]);
});

// While a release is rolled out, processes of the one before it work on the schema of the new one.
test.each(files)('what release %s runs by %s still works on the schema of this version', async (release, file) => {
  const statements = statementsOf(release, file);
  const among = file === EVENTS ? readdirSync(join(releases, release)).filter((name) => name !== EVENTS) : [file];
  for (const each of among) expect(await refusedBySchema(await newestSchema(each.replace(/\.sql$/, '')), statements)).toEqual([]);
});

test('a column that is taken away too early is found, with the statement that needs it', async () => {
  const connection = await newestSchema('csfg');
  await migrate(connection, [{ name: '9999_contract.sql', sql: 'ALTER TABLE stacks DROP COLUMN incident' }]);
  const release = readdirSync(releases).at(-1) ?? '';
  const refused = await refusedBySchema(connection, statementsOf(release, 'csfg.sql'));
  expect(refused.length).toBeGreaterThan(0);
  for (const { statement, problem } of refused) {
    expect(statement).toContain('incident');
    expect(problem).toMatch(/incident/);
  }
});
