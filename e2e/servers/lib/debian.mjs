import { existsSync } from 'node:fs';
import { withLock } from './lock.mjs';
import { report } from './report.mjs';
import { runProgram } from './run-program.mjs';
import { ServerError } from './server-error.mjs';

const QUIET = { DEBIAN_FRONTEND: 'noninteractive' };

/**
 * What `find` finds, after installing Debian's packages if it finds nothing: as root; others are told the command.
 * @template T
 * @param {() => T | undefined | Promise<T | undefined>} find
 * @param {readonly string[]} packages
 * @returns {Promise<T>}
 */
export async function findOrInstall(find, packages) {
  const present = await find();
  if (present !== undefined) return present;
  const command = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid() !== 0 || !existsSync('/usr/bin/apt-get')) throw new ServerError(`not installed: ${packages.join(' ')}`, command);
  return withLock('apt-get', async () => {
    const meanwhile = await find();
    if (meanwhile !== undefined) return meanwhile;
    report(`installing ${packages.join(' ')} …`);
    await runProgram('apt-get', ['update', '-qq'], { env: QUIET });
    await runProgram('apt-get', ['install', '-y', '-qq', '-o', 'DPkg::Lock::Timeout=600', '--no-install-recommends', ...packages], { env: QUIET, nextStep: command });
    // A Java that has just come trusts the authorities that were added to this machine only after this.
    await runProgram('update-ca-certificates', []).catch(() => {});
    const installed = await find();
    if (installed === undefined) throw new ServerError(`${packages.join(' ')}: installed, and still not found`);
    return installed;
  });
}

/** The path of a program on PATH. @param {string} name @returns {string | undefined} */
export function onPath(name) {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  return folders.map((folder) => `${folder}/${name}`).find((path) => existsSync(path));
}
