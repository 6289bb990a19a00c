import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '@stella/errors';
import { Client, type ClientConfig } from 'pg';
import { translate } from './errors.js';

/** Any fixed number: one migrator at a time in a database. */
const LOCK_KEY = 5_713_101_226;
const NAME = /^\d{4}_[a-z0-9_]+\.sql$/;
const TABLE = `CREATE TABLE IF NOT EXISTS stella_migrations (
  name text PRIMARY KEY,
  sha256 text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)`;

/** A migration by name, e.g. `0001_init.sql`. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** The files `NNNN_what.sql` of a folder, in order. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const bad = names.find((name) => !NAME.test(name));
  if (bad !== undefined) throw new DomainError('MIGRATION_FAILED', { name: bad, problem: 'a migration is named NNNN_what.sql' });
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(join(folder, name), 'utf8') })));
}

/**
 * Applies what is not yet applied to the first schema of the connection's search path: in order, each in a transaction,
 * under an advisory lock. Gives the names applied now.
 * What a later version has applied beside them stays.
 * @throws DomainError MIGRATION_CHANGED when an applied one is altered, MIGRATION_FAILED, DATABASE_UNAVAILABLE, DATABASE_REFUSED.
 */
export async function migrate(connection: ClientConfig, source: string | readonly Migration[]): Promise<string[]> {
  const migrations = typeof source === 'string' ? await readMigrations(source) : source;
  const client = new Client(connection);
  await client.connect().catch((error: unknown) => {
    throw translate(error);
  });
  try {
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]);
    await client.query(TABLE);
    const { rows } = await client.query<{ name: string; sha256: string }>('SELECT name, sha256 FROM stella_migrations');
    const applied = new Map(rows.map((row) => [row.name, row.sha256]));
    const done: string[] = [];
    for (const migration of migrations) {
      const sha256 = createHash('sha256').update(migration.sql).digest('hex');
      const before = applied.get(migration.name);
      applied.delete(migration.name);
      if (before === sha256) continue;
      if (before !== undefined) throw new DomainError('MIGRATION_CHANGED', { name: migration.name, expected: before, actual: sha256 });
      await applyOne(client, migration, sha256);
      done.push(migration.name);
    }
    return done;
  } finally {
    await client.end();
  }
}

async function applyOne(client: Client, migration: Migration, sha256: string): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query('INSERT INTO stella_migrations (name, sha256) VALUES ($1, $2)', [migration.name, sha256]);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    throw new DomainError('MIGRATION_FAILED', { name: migration.name, problem: (cause as Error).message }, { cause });
  }
}
