// A lock between processes of this machine: flock(2) by way of flock(1), which every Debian has. The kernel frees it when
// the last process that holds it is gone, however it went; nothing can stay behind.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/**
 * Waits until nobody else holds the lock, then holds it until `release` or the end of this process.
 * @param path a file or folder that is there, and that nobody replaces
 * @param onWait called once, when somebody else holds it
 * @returns `fd`: a child that inherits it holds the lock too, so that what a killed parent has begun is waited for
 */
export function takeLock(path, onWait = () => {}) {
  const fd = openSync(path, 'r');
  // The lock belongs to the open file, which the child shares with us, and so outlives the child.
  const flock = (...how) => {
    const { status, error } = spawnSync('flock', [...how, '3'], { stdio: ['ignore', 'ignore', 'inherit', fd] });
    if (error) throw error;
    return status === 0;
  };
  if (!flock('--nonblock')) {
    onWait();
    if (!flock()) throw new Error(`no lock on ${path}`);
  }
  return { fd, release: () => closeSync(fd) };
}
