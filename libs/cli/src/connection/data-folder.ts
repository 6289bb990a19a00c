import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { CliIo } from '../io/cli-io.js';

const SYSTEM_FOLDER = '/var/lib/stella';

/**
 * Where the embedded system keeps what is its own: STELLA_HOME; else a folder of the machine for root, because the
 * database's account must be able to pass; else the person's.
 */
export function defaultDataFolder(env: CliIo['env'], isRoot: boolean = process.getuid?.() === 0): string {
  const named = env['STELLA_HOME'];
  if (named) return named;
  return isRoot ? SYSTEM_FOLDER : join(env['HOME'] || userInfo().homedir, '.local', 'share', 'stella');
}

/** Programs that were built or copied to be looked at; may be removed at any time. */
export function releaseCacheFolder(env: CliIo['env']): string {
  return join(defaultDataFolder(env), 'cache', 'releases');
}
