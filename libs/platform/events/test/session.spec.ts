import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Database } from '@stella/platform-database';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { connect } from 'node:net';
import { EventSession } from '../src/session.js';

let server: TestDatabase;
let gate: Server;
let isSilent = false;
const sockets = new Set<Socket>();

/** A network between us and the database that can be cut without a word. */
beforeAll(async () => {
  server = await startTestDatabase();
  gate = createServer((near) => {
    const far = connect(`${server.administrator.host}/.s.PGSQL.5432`);
    for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
    near.on('data', (bytes) => void (isSilent || far.write(bytes))).on('close', () => far.destroy());
    far.on('data', (bytes) => void (isSilent || near.write(bytes))).on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
}, 60_000);
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  gate?.close();
  await server?.stop();
}, 30_000);

test('a connection that gives no answer any more is given up, and its locks with it', async () => {
  const { port } = gate.address() as { port: number };
  const database = new Database({ connection: { ...server.administrator, host: '127.0.0.1', port, database: 'stella' }, name: 'cut' });
  let rings = 0;
  const session = new EventSession(database, () => rings++, { pingMs: 100, statementMs: 300 });
  expect(await session.tryLock('x')).toBe(true);
  const [generation, rungBefore] = [session.generation, rings];
  isSilent = true;
  await expect(session.tryLock('y')).rejects.toThrow();
  expect(session.generation).toBe(generation + 1);
  isSilent = false;
  expect(rings).toBeGreaterThan(rungBefore);
  expect(await session.tryLock('y')).toBe(true);
  // Nobody asks for anything: the ping notices.
  isSilent = true;
  while (session.generation === generation + 1) await delay(10);
  isSilent = false;
  expect(await session.tryLock('y')).toBe(true);
  await session.close();
  await expect(session.tryLock('y')).rejects.toThrow('closed');
  await database.close();
}, 30_000);
