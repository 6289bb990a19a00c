import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StackGraphServiceService } from '@stella/contracts/stella/csfg/v1alpha/csfg';
import { Database } from '@stella/platform-database';
import { startTestDatabase, type TestDatabase } from '@stella/platform-database/testing';
import { startTestRuntime } from '../src/testing.js';
import { ledgerServices } from './ledger-services.js';

let server: TestDatabase;
beforeAll(async () => {
  server = await startTestDatabase();
}, 60_000);
afterAll(() => server?.stop(), 30_000);

const rowsOf = async (service: string, text: string): Promise<string[]> => {
  const database = new Database({ connection: { ...server.administrator, user: `stella_${service}` }, name: 'test' });
  try {
    return (await database.query<{ name: string }>(text)).map((row) => row.name);
  } finally {
    await database.close();
  }
};

/** Names whose booking was answered before the process was killed under load. */
async function runUntilKilled(round: number): Promise<string[]> {
  const loader = join(import.meta.dirname, '../../database/test/source-loader.mjs');
  const words = ['--conditions=@stella/source', '--import', loader, join(import.meta.dirname, 'killed-runtime.ts'), JSON.stringify(server.administrator), String(round)];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let answered = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (answered += text));
  await once(child.stdout, 'data');
  await delay(200 + Math.random() * 300);
  child.kill('SIGKILL');
  await once(child, 'close');
  return answered.trim().split('\n');
}

test('a system killed under load has lost nothing that it acknowledged, and each event has had its effect once', async () => {
  const answered: string[] = [];
  for (const round of [1, 2, 3]) answered.push(...(await runUntilKilled(round)));
  expect(answered.length).toBeGreaterThan(20);
  const system = await startTestRuntime(ledgerServices(), { database: server });
  await system.settle();
  await system.stop();
  const booked = await rowsOf('ledger', 'SELECT name FROM booking ORDER BY name');
  const echoed = await rowsOf('echo', 'SELECT name FROM echo ORDER BY name');
  expect(booked).toEqual(expect.arrayContaining(answered));
  expect(echoed).toEqual(booked);
}, 120_000);

test('a stop under load answers what it had taken, and refuses the rest with a reason', async () => {
  const system = await startTestRuntime(ledgerServices(), { database: server });
  const ledger = system.client(StackGraphServiceService);
  const answered: string[] = [];
  const refused: unknown[] = [];
  let isOver = false;
  const lanes = [1, 2, 3, 4].map(async (lane) => {
    for (let n = 0; !isOver; n++) {
      const name = `stacks/${`9${lane}${n}`.padStart(64, '0')}`;
      await ledger.getStack({ name }, { deadlineMs: 1_000 }).then(() => answered.push(name), (error: { reason: string }) => refused.push(error.reason));
    }
  });
  // However busy the machine is, some have been answered when the stop comes.
  while (answered.length <= 10) await delay(10);
  const startMs = Date.now();
  const stopping = system.runtime.stop();
  await stopping;
  expect(Date.now() - startMs).toBeLessThan(8_000);
  isOver = true;
  await Promise.all(lanes);
  await system.stop();
  expect(answered.length).toBeGreaterThan(10);
  for (const reason of refused) expect(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CANCELLED']).toContain(reason);
  expect(await rowsOf('ledger', 'SELECT name FROM booking')).toEqual(expect.arrayContaining(answered));
}, 60_000);
