import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LOCK_POLL_MS, LOCK_TIMEOUT_MS } from '../limits.mjs';
import { ServerError } from './server-error.mjs';

/**
 * Runs `work` while nobody else on this machine holds `name`. The lock is an abstract UNIX socket: the kernel lets go of
 * it when its holder dies, however that happens.
 * @template T
 * @param {string} name @param {() => Promise<T>} work
 * @param {{ timeoutMs?: number, onWait?: () => void }} [options] `onWait` is called once if the lock is held by another
 */
export async function withLock(name, work, { timeoutMs = LOCK_TIMEOUT_MS, onWait } = {}) {
  const deadline = Date.now() + timeoutMs;
  let lock = await tryLock(name);
  if (lock === undefined) onWait?.();
  while (lock === undefined) {
    if (Date.now() > deadline) throw new ServerError(`another process has been holding the lock of ${name} for ${timeoutMs} ms`);
    await delay(LOCK_POLL_MS);
    lock = await tryLock(name);
  }
  try {
    return await work();
  } finally {
    await new Promise((resolve) => lock.close(resolve));
  }
}

function tryLock(name) {
  const address = `\0stella/${createHash('sha256').update(name).digest('hex').slice(0, 40)}`;
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(address, () => resolve(server));
  });
}
