import { DomainError } from '@stella/errors';
import { Client, type ClientConfig } from 'pg';
import type { Migration } from './migrate.js';
import { translate } from './errors.js';

/**
 * That all of these were applied to the first schema of the connection's search path. More may have been: the schema of
 * the next version works with this one.
 * @throws DomainError SCHEMA_OUTDATED with what is missing, DATABASE_UNAVAILABLE
 */
export async function requireMigrated(connection: ClientConfig, migrations: readonly Migration[]): Promise<void> {
  const applied = new Set(await appliedNames(connection));
  const missing = migrations.filter(({ name }) => !applied.has(name)).map(({ name }) => name);
  if (missing.length > 0) throw new DomainError('SCHEMA_OUTDATED', { missing: missing.join(' ') });
}

async function appliedNames(connection: ClientConfig): Promise<string[]> {
  const client = new Client(connection);
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows: tables } = await client.query<{ there: boolean }>(`SELECT to_regclass('stella_migrations') IS NOT NULL AS there`);
    if (tables[0]?.there !== true) return [];
    const { rows } = await client.query<{ name: string }>('SELECT name FROM stella_migrations');
    return rows.map(({ name }) => name);
  } catch (error) {
    throw translate(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
