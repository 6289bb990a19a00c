import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DomainError } from '@stella/errors';
import type { DatabaseAddress } from '../connection.js';
import { databaseConnection } from '../connection.js';

const run = promisify(execFile);
/** Debian's, one folder a version. */
const VERSIONS = '/usr/lib/postgresql';
/** Where Debian keeps the authorities that the system trusts. */
const SYSTEM_ROOTS = '/etc/ssl/certs/ca-certificates.crt';
const LOG_CHARS_MAX = 2_000;

/** PostgreSQL's own programs, at least as new as a server, and how they reach it: never by their arguments, which everybody sees. */
export interface ClientPrograms {
  start(program: Program, words: readonly string[], input?: 'pipe'): ChildProcess;
}

export type Program = 'pg_dump' | 'pg_restore' | 'psql';

/** @throws DomainError DATABASE_TOOL_FAILED, CONFIG_INVALID, or what `work` throws */
export async function withClientPrograms<T>(address: DatabaseAddress, serverMajor: number, work: (programs: ClientPrograms) => Promise<T>): Promise<T> {
  const folder = await findFolder(serverMajor);
  const secrets = await mkdtemp(join(tmpdir(), 'stella-dump-'));
  try {
    const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', PGCONNECT_TIMEOUT: '10', PGAPPNAME: 'stella-backup', ...(await environmentOf(address, secrets)) };
    return await work({ start: (program, words, input) => spawn(join(folder, program), words, { env, stdio: [input ?? 'ignore', 'pipe', 'pipe'] }) });
  } finally {
    await rm(secrets, { recursive: true, force: true });
  }
}

/** Resolves when it ended well. @throws DomainError DATABASE_TOOL_FAILED with the end of what it said */
export async function ended(program: Program, child: ChildProcess): Promise<void> {
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-LOG_CHARS_MAX)));
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...how) => resolve(how));
  }).catch((cause: unknown) => {
    throw new DomainError('DATABASE_TOOL_FAILED', { program, problem: String((cause as Error).message) }, { cause });
  });
  if (code !== 0) throw new DomainError('DATABASE_TOOL_FAILED', { program, problem: `ended with ${code ?? signal}`, log: log.trim() });
}

/** The lowest version that is new enough: dumps are read by programs of their version and later. */
async function findFolder(serverMajor: number): Promise<string> {
  const majors = ((await readdir(VERSIONS).catch(() => [])) as string[]).map(Number).filter((major) => major >= serverMajor).sort((one, other) => one - other);
  const folders = [...majors.map((major) => join(VERSIONS, String(major), 'bin')), ...(process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '')];
  for (const folder of folders) {
    const versions = await Promise.all(['pg_dump', 'pg_restore', 'psql'].map((program) => majorOf(join(folder, program))));
    if (versions.every((major) => major !== undefined && major >= serverMajor)) return folder;
  }
  throw new DomainError('DATABASE_TOOL_FAILED', { program: 'pg_dump, pg_restore, psql', problem: 'none of these on the PATH is new enough', serverVersion: String(serverMajor) });
}

async function majorOf(program: string): Promise<number | undefined> {
  const { stdout } = await run(program, ['--version']).catch(() => ({ stdout: '' }));
  const [, major] = /(\d+)(?:\.|devel|beta|rc)/.exec(stdout) ?? [];
  return major === undefined ? undefined : Number(major);
}

/** As libpq reads it; what is only a file to it is written into `folder`. */
async function environmentOf(address: DatabaseAddress, folder: string): Promise<Record<string, string>> {
  const { host, port, database, user, password } = databaseConnection(address);
  const mode = new URL(address.url).searchParams.get('sslmode') ?? (address.certificateAuthority === undefined ? 'disable' : 'verify-full');
  const file = async (name: string, text: string | undefined) => {
    if (text === undefined) return undefined;
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const variables = {
    PGHOST: String(host),
    PGPORT: port === undefined ? undefined : String(port),
    PGDATABASE: database,
    PGUSER: user,
    PGPASSWORD: typeof password === 'string' ? password : undefined,
    PGSSLMODE: mode,
    PGSSLROOTCERT: (await file('ca.pem', address.certificateAuthority)) ?? (mode.startsWith('verify') ? SYSTEM_ROOTS : undefined),
    PGSSLCERT: await file('certificate.pem', address.certificate),
    PGSSLKEY: await file('key.pem', address.key),
  };
  return Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
