import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DomainError } from '@stella/errors';

const run = promisify(execFile);
const OTHERS_MAY_PASS = 0o001;
const GROUP_MAY_PASS = 0o010;
const OWNER_MAY_PASS = 0o100;

/** The ids that PostgreSQL runs under when we are root, which it refuses. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** How a program is started for PostgreSQL: words put before it, and the ids of the child. */
export interface Launch {
  readonly account?: Account;
  readonly prefix: readonly string[];
}

/**
 * Not root: as we are. Root: as `postgres` or `nobody`, if that account can pass to every folder; else inside a user
 * namespace in which root's own files belong to `nobody`, since homes and temporary folders of root are closed (0700).
 */
export async function chooseLaunch(folders: readonly string[]): Promise<Launch> {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const account = await unprivilegedAccount();
  const closed = await firstClosedFolder(folders, account);
  if (closed === undefined) return { account, prefix: [] };
  const prefix = ['unshare', '--user', `--map-user=${account.uid}`, `--map-group=${account.gid}`, '--'];
  const works = await run(prefix[0] as string, [...prefix.slice(1), 'true']).then(() => true, () => false);
  if (!works) throw new DomainError('DATABASE_FOLDER_CLOSED', { folder: closed, uid: String(account.uid) });
  return { prefix };
}

async function unprivilegedAccount(): Promise<Account> {
  for (const name of ['postgres', 'nobody']) {
    const { stdout } = await run('getent', ['passwd', name]).catch(() => ({ stdout: '' }));
    const [, , uid, gid] = stdout.split(':');
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new DomainError('DATABASE_START_FAILED', { log: 'PostgreSQL refuses to run as root, and there is neither an account postgres nor nobody' });
}

/** The first folder on the way to one of `folders` that `account` may not pass; the folders themselves change owner. */
async function firstClosedFolder(folders: readonly string[], account: Account): Promise<string | undefined> {
  for (const folder of folders) {
    for (let at = dirname(resolve(folder)); ; at = dirname(at)) {
      const found = await stat(at).catch(() => undefined);
      if (found !== undefined && !maySearch(found, account)) return at;
      if (at === dirname(at)) break;
    }
  }
  return undefined;
}

function maySearch(folder: { mode: number; uid: number; gid: number }, account: Account): boolean {
  if (folder.uid === account.uid) return (folder.mode & OWNER_MAY_PASS) !== 0;
  if (folder.gid === account.gid) return (folder.mode & GROUP_MAY_PASS) !== 0;
  return (folder.mode & OTHERS_MAY_PASS) !== 0;
}
