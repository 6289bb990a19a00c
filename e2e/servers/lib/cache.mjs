import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { serversFolder } from './folder.mjs';
import { withLock } from './lock.mjs';
import { report } from './report.mjs';

const UNFINISHED = '.unfinished';

/**
 * The folder of something that was downloaded or built, made by `build` if absent. Only a build that ended well gets
 * the folder's name; whoever asks meanwhile waits for it.
 * @param {string} key name and version, or a digest of all that it is made of: what has the same key is the same
 * @param {(folder: string) => Promise<void>} build fills the folder
 * @param {{ root?: string }} [options] `root`: where the folders lie
 * @returns {Promise<string>}
 */
export async function cached(key, build, { root = cacheFolder() } = {}) {
  const folder = join(root, key);
  if (existsSync(folder)) return folder;
  const onWait = () => report(`waiting for another process that makes ${key} …`);
  return withLock(folder, () => (existsSync(folder) ? folder : make(folder, build)), { onWait });
}

async function make(folder, build) {
  const started = performance.now();
  report(`making ${basename(folder)} (once) …`);
  mkdirSync(dirname(folder), { recursive: true });
  removeUnfinished(folder);
  const unfinished = `${folder}.${process.pid}${UNFINISHED}`;
  mkdirSync(unfinished);
  try {
    await build(unfinished);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  }
  report(`made ${basename(folder)} in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  return folder;
}

/** Of builds that were killed: we hold the lock, so that nobody builds now. */
function removeUnfinished(folder) {
  for (const name of readdirSync(dirname(folder))) {
    if (name.startsWith(`${basename(folder)}.`) && name.endsWith(UNFINISHED)) rmSync(join(dirname(folder), name), { recursive: true, force: true });
  }
}

/** The user's cache, or, where it cannot be written, a folder beside the servers' data. */
export function cacheFolder() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'stella', 'servers');
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return folder;
  } catch {
    return join(serversFolder(), 'cache');
  }
}
