import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify, isRunning, withDescendants } from '../lib/process-identity.mjs';
import { readRecord, writeRecord } from '../lib/record.mjs';
import { ensureDown, ensureUp, killServer } from '../lib/supervise.mjs';
import { fakeServer } from './fake-server.js';

const before = process.env['STELLA_E2E_FOLDER'];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stella-servers-test-'));
  process.env['STELLA_E2E_FOLDER'] = folder;
});
afterEach(async () => {
  await ensureDown(fakeServer());
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env['STELLA_E2E_FOLDER'];
  else process.env['STELLA_E2E_FOLDER'] = before;
});

const starts = () => readFileSync(join(folder, 'fake', 'starts'), 'utf8').trim().split('\n').map(Number);
const processOf = () => readRecord('fake')?.process;

describe('up', () => {
  test('starts what does not run, and finds it the second time', async () => {
    const first = await ensureUp(fakeServer(), undefined);
    const second = await ensureUp(fakeServer(), undefined);
    expect([first.started, second.started]).toEqual([true, false]);
    expect(second.record).toEqual(first.record);
    expect(starts()).toHaveLength(1);
    expect(readFileSync(join(folder, 'fake', 'settings.txt'), 'utf8')).toBe('as planned\n');
    expect((await fetch(String(first.record.address['url']))).status).toBe(200);
  });

  test('twice at once starts one', async () => {
    const both = await Promise.all([ensureUp(fakeServer(), undefined), ensureUp(fakeServer(), undefined)]);
    expect(both.map(({ started }) => started).sort()).toEqual([false, true]);
    expect(starts()).toHaveLength(1);
  });

  test('starts a killed one again, at the same address', async () => {
    const { record } = await ensureUp(fakeServer(), undefined);
    await killServer(fakeServer());
    expect(isRunning(record.process)).toBe(false);
    const again = await ensureUp(fakeServer(), undefined);
    expect(again.started).toBe(true);
    expect(again.record.address).toEqual(record.address);
    expect(again.record.process?.pid).not.toBe(record.process?.pid);
  });

  test('starts one anew that runs and does not answer', async () => {
    const { record } = await ensureUp(fakeServer(), undefined);
    process.kill(record.process?.pid ?? 0, 'SIGSTOP');
    const again = await ensureUp(fakeServer(), undefined, { startTimeoutMs: 60_000, recoveryTimeoutMs: 100 });
    expect(again.started).toBe(true);
    expect(isRunning(record.process)).toBe(false);
  });

  test('starts one anew that runs with other settings', async () => {
    const { record } = await ensureUp(fakeServer(), undefined);
    const other = await ensureUp(fakeServer({ mode: 'other' }), undefined);
    expect([other.started, isRunning(record.process)]).toEqual([true, false]);
  });

  test('says what the server said last when it does not start, and what to do', async () => {
    const failure = await ensureUp(fakeServer({ mode: 'broken' }), undefined).catch((error: Error) => error.message);
    expect(failure).toMatch(/fake did not start: it ended; the end of .*\/fake\/log:[^]*the reason why[^]*what to do: read/);
    // A port may have been taken since it was chosen: it is tried again.
    expect(starts()).toHaveLength(3);
    expect(isRunning(processOf())).toBe(false);
  });

  test('gives up on one that is never well, and leaves nothing running', async () => {
    const failure = ensureUp(fakeServer({ mode: 'ill' }), undefined, { startTimeoutMs: 5_000, recoveryTimeoutMs: 100 });
    await expect(failure).rejects.toThrow(/not healthy after 5000 ms: .* answered 503/);
    expect(isRunning(processOf())).toBe(false);
  });

  test('moves away from a port that somebody else has taken, unless the port was asked for', async () => {
    const { record } = await ensureUp(fakeServer(), undefined);
    await ensureDown(fakeServer());
    const port = record.ports['server'];
    const stranger = createServer().listen(port, '127.0.0.1');
    await once(stranger, 'listening');
    try {
      expect((await ensureUp(fakeServer(), undefined)).record.ports['server']).not.toBe(port);
      process.env['STELLA_E2E_FAKE_PORT'] = String(port);
      await expect(ensureUp(fakeServer(), undefined)).rejects.toThrow(`port ${port} is taken`);
      process.env['STELLA_E2E_FAKE_PORT'] = 'http';
      await expect(ensureUp(fakeServer(), undefined)).rejects.toThrow('STELLA_E2E_FAKE_PORT=http is no port');
    } finally {
      delete process.env['STELLA_E2E_FAKE_PORT'];
      stranger.close();
    }
  });
});

describe('down', () => {
  test('is safe to repeat, and keeps the data', async () => {
    const { record } = await ensureUp(fakeServer(), undefined);
    expect(await ensureDown(fakeServer())).toBe(true);
    expect(isRunning(record.process)).toBe(false);
    expect(await ensureDown(fakeServer())).toBe(false);
    expect(starts()).toHaveLength(1);
    expect((await ensureUp(fakeServer(), undefined)).record.ports).toEqual(record.ports);
    await ensureDown(fakeServer(), { keepData: false });
    expect(existsSync(join(folder, 'fake', 'starts'))).toBe(false);
  });

  test('leaves a stranger alone who has the number of a dead server', async () => {
    const { record } = await ensureUp(fakeServer(), undefined);
    await killServer(fakeServer());
    const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(stranger, 'spawn');
    writeRecord('fake', { ...record, process: { pid: stranger.pid ?? 0, startedAt: record.process?.startedAt ?? '' } });
    expect(await ensureDown(fakeServer())).toBe(false);
    await killServer(fakeServer());
    expect((await ensureUp(fakeServer(), undefined)).started).toBe(true);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill();
  });

  test('ends what a server started, too, and kills what does not listen', async () => {
    await ensureUp(fakeServer({ mode: 'with child' }), undefined);
    const identity = processOf();
    if (identity === undefined) throw new Error('not started');
    const family = withDescendants(identity);
    expect(family).toHaveLength(2);
    await killServer(fakeServer());
    expect(family.filter(isRunning)).toEqual([]);
  });
});

test('a process that is dead but not reaped does not run', async () => {
  // Its parent never asks for its status.
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [text] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(String(text));
  while (/\) [^Z]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(identify(pid)).toBeUndefined();
  parent.kill();
});
