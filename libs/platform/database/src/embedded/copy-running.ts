import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '@stella/errors';
import { Client, type ClientConfig } from 'pg';
import { translate } from '../errors.js';

/** Remade by the server at each start, or of no use to another one (PostgreSQL's documentation, "Making a Base Backup Using the Low Level API"). */
const EMPTIED = new Set(['pg_dynshmem', 'pg_notify', 'pg_replslot', 'pg_serial', 'pg_snapshots', 'pg_stat_tmp', 'pg_subtrans', 'pg_wal']);
const LEFT_OUT = /^(?:postmaster\.(?:pid|opts)|backup_label(?:\.old)?|tablespace_map(?:\.old)?|pg_internal\.init.*|pgsql_tmp.*|backup_manifest)$/;
const CONTROL = 'global/pg_control';
const SEGMENT = /^[0-9A-F]{24}$/;

/** Takes what a copy consists of, by paths relative to the data folder. */
export interface DataFolderSink {
  /** A file that is no longer there is passed over: the log of the server says what became of it. */
  file(path: string, source: string): Promise<void>;
  bytes(path: string, bytes: Uint8Array): Promise<void>;
  folder(path: string): Promise<void>;
}

export interface DatabaseCopy {
  /** Of the server, e.g. `18.1`. */
  readonly version: string;
}

/**
 * A copy of a data folder whose server runs, and goes on running: files as they come, and the write-ahead log that makes
 * them one state, which is the one at the end of the copy. A server that starts on the copy replays it, and refuses one
 * that lacks the end.
 * @throws DomainError those of a connection, DATABASE_UNAVAILABLE when the server stops meanwhile
 */
export async function copyRunningDatabase(connection: ClientConfig, dataFolder: string, sink: DataFolderSink): Promise<DatabaseCopy> {
  const client = new Client(connection);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await copy(client, dataFolder, sink);
  } catch (error) {
    throw translate(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function copy(client: Client, dataFolder: string, sink: DataFolderSink): Promise<DatabaseCopy> {
  await client.query('SET statement_timeout = 0');
  const { rows: settings } = await client.query<{ version: string; folder: string }>(`SELECT current_setting('server_version') AS version, current_setting('data_directory') AS folder`);
  const [{ version, folder } = { version: '', folder: '' }] = settings;
  if (folder !== dataFolder) throw new DomainError('DATABASE_REFUSED', { problem: 'the server works on another folder', expected: dataFolder, actual: folder });
  // Keeps the log from being recycled; it ends with the session at the latest.
  await client.query(`SELECT pg_create_physical_replication_slot('stella_backup_' || pg_backend_pid(), true, true)`);
  const { rows: begun } = await client.query<{ segment: string }>(`SELECT pg_walfile_name(pg_backup_start('stella', true)) AS segment`);
  await copyFolder(dataFolder, '', sink);
  await sink.file(CONTROL, join(dataFolder, CONTROL));
  const { rows: ended } = await client.query<{ segment: string; labelfile: string }>('SELECT pg_walfile_name(lsn) AS segment, labelfile FROM pg_backup_stop(false)');
  const [first, last] = [begun[0]?.segment ?? '', ended[0]?.segment ?? ''];
  for (const name of (await readdir(join(dataFolder, 'pg_wal'))).sort()) {
    if (SEGMENT.test(name) && name >= first && name <= last) await sink.file(`pg_wal/${name}`, join(dataFolder, 'pg_wal', name));
  }
  await client.query(`SELECT pg_drop_replication_slot('stella_backup_' || pg_backend_pid())`);
  await sink.bytes('backup_label', Buffer.from(ended[0]?.labelfile ?? ''));
  return { version };
}

async function copyFolder(root: string, at: string, sink: DataFolderSink): Promise<void> {
  const entries = (await readdir(join(root, at), { withFileTypes: true }).catch(gone)) ?? [];
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = at === '' ? entry.name : `${at}/${entry.name}`;
    if (LEFT_OUT.test(entry.name) || path === CONTROL) continue;
    if (entry.isDirectory()) {
      await sink.folder(path);
      if (!EMPTIED.has(path)) await copyFolder(root, path, sink);
    } else if (entry.isFile()) await sink.file(path, join(root, path));
    // Tablespaces and a moved log: an embedded database has neither.
    else if (await stat(join(root, path)).catch(gone)) throw new DomainError('DATABASE_REFUSED', { problem: 'the data folder holds more than files and folders', path });
  }
  if (at === '') for (const path of ['pg_wal/archive_status', 'pg_wal/summaries']) await sink.folder(path);
}

function gone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
