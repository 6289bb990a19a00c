import type { Writable } from 'node:stream';
import { DomainError } from '@stella/errors';
import { Client } from 'pg';
import { type DatabaseAddress, databaseConnection } from '../connection.js';
import { translate } from '../errors.js';
import { type ClientPrograms, ended, withClientPrograms } from './client-programs.js';

export interface Dumped {
  /** Of the server. */
  readonly version: string;
  /** Those of services, which `migrate` made. */
  readonly schemas: readonly string[];
}

export interface RestoreOptions {
  readonly schemas: readonly string[];
  /** The dump as a file. */
  readonly path: string;
  /** SQL for each schema, run with it in the search path as its owner, in the transaction of the whole. */
  readonly afterwards?: string;
}

/**
 * All schemas of services in one snapshot, by pg_dump, without owners and rights: those are the target's.
 * @param save takes the bytes of the dump
 * @throws DomainError DATABASE_TOOL_FAILED, CONFIG_INVALID, DATABASE_UNAVAILABLE, DATABASE_REFUSED
 */
export async function dumpDatabase(address: DatabaseAddress, save: (bytes: AsyncIterable<Uint8Array>) => Promise<void>): Promise<Dumped> {
  const { version, major, rows } = await ask<{ schema: string }>(
    address,
    `SELECT n.nspname AS schema FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = 'stella_migrations' AND c.relkind = 'r' ORDER BY 1`,
  );
  const schemas = rows.map(({ schema }) => schema);
  if (schemas.length === 0) throw new DomainError('DATABASE_REFUSED', { problem: 'the database holds no schema of a service', database: String(databaseConnection(address).database) });
  await withClientPrograms(address, major, async (programs) => {
    const child = programs.start('pg_dump', ['--format=custom', '--no-owner', '--no-privileges', '--strict-names', '--no-password', ...schemas.map((schema) => `--schema="${schema}"`)]);
    const end = ended('pg_dump', child);
    await Promise.all([save(child.stdout as AsyncIterable<Uint8Array>).finally(() => child.kill()), end]);
  });
  return { version, schemas };
}

/**
 * Into schemas that are there and empty, each as its owner, all in one transaction.
 * @throws DomainError INSTALLATION_NOT_EMPTY, DATABASE_REFUSED where a schema is missing, and those of `dumpDatabase`
 */
export async function restoreDump(address: DatabaseAddress, { schemas, path, afterwards = '' }: RestoreOptions): Promise<void> {
  const { major, rows } = await ask<{ schema: string; owner: string; relations: bigint }>(
    address,
    `SELECT n.nspname AS schema, pg_get_userbyid(n.nspowner) AS owner, (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid)::int AS relations
     FROM pg_namespace n WHERE n.nspname = ANY($1)`,
    [schemas],
  );
  const missing = schemas.filter((schema) => !rows.some((row) => row.schema === schema));
  if (missing.length > 0) throw new DomainError('DATABASE_REFUSED', { problem: 'schemas of services are missing: provision them first', schemas: missing.join(' ') });
  const used = rows.filter(({ relations }) => Number(relations) > 0);
  if (used.length > 0) throw new DomainError('INSTALLATION_NOT_EMPTY', { database: String(databaseConnection(address).database), schemas: used.map(({ schema }) => schema).join(' ') });
  await withClientPrograms(address, major, async (programs) => {
    const psql = programs.start('psql', ['--no-psqlrc', '--quiet', '--no-password', '--single-transaction', '--set=ON_ERROR_STOP=1', '--file=-'], 'pipe');
    const end = ended('psql', psql);
    psql.stdout?.resume();
    const input = psql.stdin as Writable;
    // It says by itself why it ended.
    input.on('error', () => undefined);
    end.catch(() => undefined);
    try {
      for (const { schema, owner } of rows) await feedSchema(programs, input, { schema, owner, path, afterwards });
    } catch (error) {
      // An end of its input would make it commit what it has so far. One that ended first says why.
      if (!input.destroyed) psql.kill('SIGKILL');
      else await end;
      throw error;
    }
    input.end();
    await end;
  });
}

async function feedSchema(programs: ClientPrograms, input: Writable, { schema, owner, path, afterwards }: { schema: string; owner: string; path: string; afterwards: string }): Promise<void> {
  const [s, o] = [schema, owner].map((name) => `"${name.replaceAll('"', '""')}"`) as [string, string];
  await write(input, `SET ROLE ${o};\n`);
  const child = programs.start('pg_restore', ['--no-owner', '--no-privileges', '--exit-on-error', `--schema=${schema}`, '--file=-', path]);
  const end = ended('pg_restore', child);
  const pass = async () => {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      if (input.destroyed) return;
      await write(input, chunk);
    }
  };
  await Promise.all([end, pass()]);
  await write(input, `\nSET search_path = ${s};\n${afterwards}\nRESET ALL;\nRESET ROLE;\n`);
}

/** Waits for room; nothing is written to one that is gone. */
async function write(stream: Writable, bytes: string | Buffer): Promise<void> {
  if (stream.destroyed || stream.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}

async function ask<R extends object>(address: DatabaseAddress, text: string, values: unknown[] = []): Promise<{ version: string; major: number; rows: R[] }> {
  const client = new Client(databaseConnection(address));
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows: versions } = await client.query<{ version: string; number: number }>(`SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number`);
    const { rows } = await client.query<R>(text, values);
    return { version: versions[0]?.version ?? '', major: Math.floor((versions[0]?.number ?? 0) / 10_000), rows };
  } catch (error) {
    throw translate(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
