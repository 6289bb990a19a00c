import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const OTHERS_MAY_WRITE = 0o022;

/**
 * Where V8 keeps compiled code between runs: a folder of the user's own, made if need be; undefined where there is none.
 * Compiled code is run without being looked at, so a folder that another user owns or may write to is not used (for one,
 * the home that `sudo` leaves in the environment).
 */
export function compileCacheFolder(env: Readonly<Record<string, string | undefined>>, uid: number | undefined = process.getuid?.()): string | undefined {
  const cache = env['XDG_CACHE_HOME'] || (env['HOME'] && join(env['HOME'], '.cache'));
  if (!cache || uid === undefined) return undefined;
  const own = join(cache, 'stella');
  const folder = join(own, 'compiled');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return [cache, own, folder].every((path) => isOwn(path, uid)) ? folder : undefined;
  } catch {
    // A read-only home: it is slower, and nothing else.
    return undefined;
  }
}

function isOwn(path: string, uid: number): boolean {
  const stats = lstatSync(path);
  return stats.isDirectory() && stats.uid === uid && (stats.mode & OTHERS_MAY_WRITE) === 0;
}
