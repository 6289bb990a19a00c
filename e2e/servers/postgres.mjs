import { chmodSync, existsSync, mkdirSync, readdirSync, readlinkSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { giveTo, unprivilegedAccount } from './lib/account.mjs';
import { findOrInstall } from './lib/debian.mjs';
import { allPids, identify } from './lib/process-identity.mjs';
import { runProgram } from './lib/run-program.mjs';
import { secret } from './lib/secrets.mjs';
import { killAll } from './lib/server-process.mjs';
import { withoutDebiansCluster } from './lib/debians-cluster.mjs';
import { HEALTH_TIMEOUT_MS } from './limits.mjs';

const VERSIONS = '/usr/lib/postgresql';
const MAJOR_MIN = 15;
const HOST = '127.0.0.1';
const USER = 'stella';
const DATABASE = 'stella';
const CONNECTIONS_MAX = 300;
const SETTINGS = [`listen_addresses=${HOST}`, 'unix_socket_directories=', `max_connections=${CONNECTIONS_MAX}`, 'shared_buffers=64MB', 'timezone=UTC', 'log_timezone=UTC', 'log_line_prefix=%m [%p] %q%u@%d '];
/** A killed server keeps every commit, since it was handed to the kernel; a power cut may lose or break them. */
const NOT_DURABLE = ['fsync=off', 'full_page_writes=off'];

/** `STELLA_E2E_POSTGRES_DURABLE=1`: flushed to disk as in production. @type {import('./lib/server.mjs').Server} */
export const postgres = {
  name: 'postgres',
  ports: ['server'],
  /** Fast: open transactions are rolled back, clients are not waited for. */
  stopSignal: 'SIGINT',

  async install() {
    const binaries = await withoutDebiansCluster(() => findOrInstall(findBinaries, ['postgresql-15']));
    return { binaries, account: await unprivilegedAccount() };
  },

  async plan({ folder, ports, installation }) {
    const settings = [...SETTINGS, `port=${ports.server}`, ...(process.env.STELLA_E2E_POSTGRES_DURABLE === '1' ? [] : NOT_DURABLE)];
    return {
      launch: {
        command: join(installation.binaries, 'postgres'),
        args: ['-D', join(folder, 'data'), ...settings.flatMap((setting) => ['-c', setting])],
        account: installation.account,
      },
      address: { host: HOST, port: ports.server, user: USER, password: secret('postgres'), database: DATABASE },
    };
  },

  async prepare({ folder, installation }) {
    const data = join(folder, 'data');
    await postgres.stopLeftOvers(folder);
    if (!existsSync(join(data, 'PG_VERSION'))) await initialise(data, installation);
  },

  /** Sessions live on for a while after their server was killed, and no other may start over them. */
  async stopLeftOvers(folder) {
    const data = join(folder, 'data');
    if (!existsSync(data)) return;
    const real = realpathSync(data);
    await killAll(allPids().filter((pid) => worksIn(pid, real)).map(identify).filter((identity) => identity !== undefined));
    // Now it names nobody, or a stranger who was given the number since.
    rmSync(join(data, 'postmaster.pid'), { force: true });
  },

  async check({ host, port, user, password }) {
    const settings = { host, port, user, password, connectionTimeoutMillis: HEALTH_TIMEOUT_MS };
    const exists = await asked(new pg.Client({ ...settings, database: 'postgres' }), 'SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (!exists) await asked(new pg.Client({ ...settings, database: 'postgres' }), `CREATE DATABASE ${DATABASE}`);
    await asked(new pg.Client({ ...settings, database: DATABASE }), 'SELECT 1');
  },
};

function findBinaries() {
  const majors = existsSync(VERSIONS) ? readdirSync(VERSIONS).map(Number).filter((major) => major >= MAJOR_MIN) : [];
  const folders = majors.sort((a, b) => a - b).map((major) => join(VERSIONS, String(major), 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'initdb')));
}

/** Beside the final place and renamed, so that a start that was cut short leaves no half-made database. */
async function initialise(data, { binaries, account }) {
  const unfinished = `${data}.unfinished`;
  const passwordFile = `${data}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  chmodSync(unfinished, 0o700);
  giveTo(unfinished, account);
  writeFileSync(passwordFile, secret('postgres'), { mode: 0o600 });
  giveTo(passwordFile, account);
  try {
    const words = ['-D', unfinished, '-U', USER, '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C.UTF-8', '--data-checksums', '--no-sync'];
    await runProgram(join(binaries, 'initdb'), words, { account, cwd: '/', nextStep: 'read the message above' });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, data);
}

function worksIn(pid, data) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === data && readlinkSync(`/proc/${pid}/exe`).endsWith('/postgres');
  } catch {
    return false;
  }
}

/** @returns {Promise<boolean>} whether there was a row */
async function asked(client, text, values) {
  // A connection that breaks says so twice: to whoever waits, and as an event.
  client.on('error', () => {});
  await client.connect();
  try {
    const { rowCount } = await client.query(text, values);
    return rowCount > 0;
  } finally {
    await client.end();
  }
}
