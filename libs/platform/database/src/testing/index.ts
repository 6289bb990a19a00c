import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { Database } from '../database.js';
import { EmbeddedPostgres } from '../embedded/embedded-postgres.js';
import { migrate, type Migration } from '../migrate.js';
import { provisionService } from '../provision.js';

export { refusedBySchema, type Refused } from './prepare-statements.js';
export { parseRecord, type RecordOf, SqlRecorder } from './sql-record.js';

export interface TestDatabase {
  /** As administrator of the database `stella`. */
  readonly administrator: ClientConfig;
  /** Role, schema and pool of one service, its migrations applied; closed by `stop`. */
  service(name: string, migrations?: string | readonly Migration[]): Promise<Database>;
  stop(): Promise<void>;
}

/** A database of its own for a test file, real in all but its durability; about a second. Call `stop` in `afterAll`. */
export async function startTestDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'stella-db-'));
  await chmod(folder, 0o711); // the unprivileged server has to pass through
  const server = await EmbeddedPostgres.start({ dataFolder: join(folder, 'data'), socketFolder: join(folder, 'run'), withoutDurability: true });
  const administrator = await server.createDatabase('stella');
  const pools: Database[] = [];
  return {
    administrator,
    async service(name, migrations) {
      const { connection } = await provisionService(administrator, name);
      if (migrations !== undefined) await migrate(connection, migrations);
      const database = new Database({ connection, name });
      pools.push(database);
      return database;
    },
    async stop() {
      await Promise.all(pools.map((pool) => pool.close()));
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
