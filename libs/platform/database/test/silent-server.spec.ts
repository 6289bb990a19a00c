import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { AdvisoryLocks, Database } from '@stella/platform-database';

/** Takes connections, and says nothing: a cut network, or a proxy before a server that hangs. */
test.each(['query', 'session'] as const)('a server that takes a connection and says nothing is one that does not answer (%s)', async (how) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const database = new Database({ name: 'silent', connectTimeoutMs: 200, connection: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, user: 'a', password: 'b', database: 'c' } });
  try {
    await expect(how === 'query' ? database.query('SELECT 1') : database.session()).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  } finally {
    await database.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

/** `AuthenticationOk` and `ReadyForQuery`; PostgreSQL manual, "Message Formats". */
const WELCOME = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

/** Killed at the worst moment: an event that nobody hears would end the process. */
test('a server that is lost while a transaction begins is one that does not answer', async () => {
  let begun = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(WELCOME);
      socket.once('data', () => {
        begun += 1;
        socket.destroy();
      });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const database = new Database({ name: 'lost', connectionsMax: 2, connection: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, user: 'a', password: 'b', database: 'c' } });
  try {
    await expect(database.tx(async () => undefined)).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
    expect(begun).toBeGreaterThan(1);
  } finally {
    await database.close();
    server.close();
  }
});

test('a server that is lost while a lock is asked for is one that does not answer', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(WELCOME);
      socket.once('data', () => socket.destroy());
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const database = new Database({ name: 'lost', connectTimeoutMs: 1_000, connection: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, user: 'a', password: 'b', database: 'c' } });
  try {
    const locks = new AdvisoryLocks(database);
    await expect(locks.tryHold('lock', () => Promise.resolve())).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
    await expect(locks.hold('lock', new AbortController().signal, () => Promise.resolve())).rejects.toMatchObject({ reason: 'DATABASE_UNAVAILABLE' });
  } finally {
    await database.close();
    server.close();
  }
});
