import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chownSync, closeSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serverFolder, serversFolder } from '../lib/folder.mjs';
import { writeOnce } from '../lib/files.mjs';
import { withLock } from '../lib/lock.mjs';
import { lastLines, openLog } from '../lib/log-file.mjs';
import { freePort } from '../lib/ports.mjs';
import { runProgram } from '../lib/run-program.mjs';
import { secret } from '../lib/secrets.mjs';
import { LOG_BYTES_MAX } from '../limits.mjs';

const before = process.env['STELLA_E2E_FOLDER'];
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stella-lib-test-'));
  process.env['STELLA_E2E_FOLDER'] = join(folder, 'e2e');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env['STELLA_E2E_FOLDER'];
  else process.env['STELLA_E2E_FOLDER'] = before;
});

describe('a lock', () => {
  test('lets one work at a time', async () => {
    let working = 0;
    const work = async () => {
      expect(++working).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      working--;
    };
    await Promise.all([1, 2, 3].map(() => withLock(folder, work)));
  });

  test('is free again when its holder was killed', async () => {
    const module = fileURLToPath(new URL('../lib/lock.mjs', import.meta.url));
    const program = `import { withLock } from ${JSON.stringify(module)};
      await withLock(${JSON.stringify(folder)}, async () => { console.log('held'); await new Promise((resolve) => setTimeout(resolve, 600_000)); });`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(holder.stdout, 'data');
    await expect(withLock(folder, async () => 'in', { timeoutMs: 200 })).rejects.toThrow(/another process has been holding/);
    holder.kill('SIGKILL');
    await expect(withLock(folder, async () => 'in')).resolves.toBe('in');
  });

  test('is free again when the work failed', async () => {
    await expect(withLock(folder, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(withLock(folder, async () => 'in')).resolves.toBe('in');
  });
});

describe('the folder', () => {
  test('lets others pass and keeps what is secret to itself', () => {
    expect(statSync(serverFolder('x')).mode & 0o777).toBe(0o711);
    const value = secret('x');
    expect(secret('x')).toBe(value);
    expect(value.length).toBeGreaterThanOrEqual(24);
    expect(statSync(join(serversFolder(), 'secrets', 'x')).mode & 0o777).toBe(0o600);
  });

  const asRoot = process.getuid?.() === 0 ? test : test.skip;
  asRoot('of somebody else is refused', () => {
    mkdirSync(join(folder, 'e2e'));
    chownSync(join(folder, 'e2e'), 65_534, 65_534);
    expect(() => serversFolder()).toThrow(/is not a folder of yours/);
  });
});

test('what is written once stays', () => {
  expect(writeOnce(join(folder, 'a', 'b'), () => 'first')).toBe('first');
  expect(writeOnce(join(folder, 'a', 'b'), () => 'second')).toBe('first');
});

test('ports lie below those of outgoing connections', async () => {
  const low = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/)[0]);
  expect(await freePort()).toBeLessThan(low);
});

test('a log that has grown large is put aside, and its end can be read', () => {
  const log = join(folder, 'log');
  expect(lastLines(log)).toEqual([]);
  writeFileSync(log, '');
  truncateSync(log, LOG_BYTES_MAX + 1);
  closeSync(openLog(log));
  expect([existsSync(`${log}.old`), statSync(log).size]).toEqual([true, 0]);
  appendFileSync(log, Array.from({ length: 100 }, (_, n) => `line ${n}\n`).join(''));
  expect(lastLines(log, 2)).toEqual(['line 98', 'line 99']);
});

describe('a program', () => {
  test('that fails says how, with what it printed and the next step', async () => {
    await expect(runProgram('sh', ['-c', 'echo out; echo err >&2; exit 7'], { nextStep: 'look' })).rejects.toThrow(/ended with 7\nout\nerr\n {2}what to do: look/);
  });

  test('that hangs is ended', async () => {
    await expect(runProgram('sleep', ['600'], { timeoutMs: 100 })).rejects.toThrow(/not done after 100 ms/);
  });

  test('that is not there says so', async () => {
    await expect(runProgram('/no/such/program', [])).rejects.toThrow(/ENOENT/);
  });
});
