// A lock between processes of this machine, with Node alone. It is the name of a socket in Linux's abstract namespace
// (unix(7)): the kernel gives it to one process, and takes it back when the last process that holds it is gone, however
// it went. There is no file that could stay behind.
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;

/**
 * Waits until nobody else holds the name, then holds it until `release` or the end of this process.
 * @param name whatever the lock is about, e.g. a folder
 * @param onWait called once, when somebody else holds it
 * @returns `fd`: a child that inherits it holds the lock too, so that it outlives a killed parent only with its work
 */
export async function takeLock(name, onWait = () => {}) {
  // Such a name has 107 bytes at most.
  const address = `\0stella-${createHash('sha256').update(name).digest('hex')}`;
  for (let isWaiting = false; ; isWaiting = true) {
    const server = await listen(address);
    if (server) return { fd: server._handle.fd, release: () => new Promise((resolve) => server.close(resolve)) };
    if (!isWaiting) onWait();
    await sleep(POLL_MS);
  }
}

function listen(path) {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen({ path, backlog: 1 }, () => {
      server.unref();
      resolve(server);
    });
  });
}
