import { chownSync } from 'node:fs';
import { runProgram } from './run-program.mjs';
import { ServerError } from './server-error.mjs';

/** The ids for a program that refuses to run as root; undefined where we are not root. @returns {Promise<{ uid: number, gid: number } | undefined>} */
export async function unprivilegedAccount() {
  if (process.getuid() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const entry = await runProgram('getent', ['passwd', name]).catch(() => '');
    const [, , uid, gid] = entry.split(':');
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new ServerError('there is neither an account postgres nor nobody', 'useradd --system postgres');
}

/** @param {string} path @param {{ uid: number, gid: number } | undefined} account */
export function giveTo(path, account) {
  if (account !== undefined) chownSync(path, account.uid, account.gid);
}
