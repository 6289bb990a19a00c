import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Database } from '@stella/platform-database';

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
