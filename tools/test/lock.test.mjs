import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { takeLock } from '../lock.mjs';

const LOCK = new URL('../lock.mjs', import.meta.url).href;
const running = new Set();
const folders = [];
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function place() {
  const folder = mkdtempSync(join(tmpdir(), 'stella-lock-'));
  folders.push(folder);
  return folder;
}

/** A process that says `waits` and `holds`, and then does what it is told. */
function holder(path, then = 'setInterval(() => {}, 1000)') {
  const code = `
    import { spawn } from 'node:child_process';
    import { takeLock } from ${JSON.stringify(LOCK)};
    const lock = takeLock(${JSON.stringify(path)}, () => console.log('waits'));
    console.log('holds');
    ${then};`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, says: async () => (await lines.next()).value };
}

test('one at a time; whoever waits is told so once, and has it when the holder is killed', async () => {
  const path = place();
  const first = holder(path);
  assert.equal(await first.says(), 'holds');
  const second = holder(path);
  assert.equal(await second.says(), 'waits');
  first.child.kill('SIGKILL');
  assert.equal(await second.says(), 'holds');
});

test('it is free at once for whoever comes after its end, and no other place is touched by it', async () => {
  const path = place();
  const first = holder(path, 'lock.release(); console.log("freed")');
  assert.deepEqual([await first.says(), await first.says()], ['holds', 'freed']);
  const locks = [takeLock(path), takeLock(place())];
  for (const lock of locks) lock.release();
});

test('work that outlives its killed parent still holds it', async () => {
  const path = place();
  const parent = holder(path, `
    const work = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: ['ignore', 'ignore', 'ignore', lock.fd] });
    console.log(work.pid)`);
  assert.equal(await parent.says(), 'holds');
  const pid = Number(await parent.says());
  running.add({ kill: () => spawn('kill', ['-KILL', String(pid)], { stdio: 'ignore' }) });
  parent.child.kill('SIGKILL');
  await once(parent.child, 'exit');
  const next = holder(path);
  assert.equal(await next.says(), 'waits');
  const said = next.says();
  assert.equal(await Promise.race([said, new Promise((resolve) => setTimeout(resolve, 1_000, 'still waits'))]), 'still waits');
  process.kill(pid, 'SIGKILL');
  assert.equal(await said, 'holds');
});
