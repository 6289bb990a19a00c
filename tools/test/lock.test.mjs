import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, test } from 'node:test';
import { randomUUID } from 'node:crypto';
import { takeLock } from '../lock.mjs';

const LOCK = new URL('../lock.mjs', import.meta.url).href;
const running = new Set();
afterEach(() => running.forEach((child) => child.kill('SIGKILL')));

/** A process that says `waits` and `holds`, and then does what it is told. */
function holder(name, then = 'setInterval(() => {}, 1000)') {
  const code = `
    import { spawn } from 'node:child_process';
    import { takeLock } from ${JSON.stringify(LOCK)};
    const lock = await takeLock(${JSON.stringify(name)}, () => console.log('waits'));
    console.log('holds');
    ${then};`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, says: async () => (await lines.next()).value };
}

test('one at a time; whoever waits is told so once, and has it when the holder is killed', async () => {
  const name = randomUUID();
  const first = holder(name);
  assert.equal(await first.says(), 'holds');
  const second = holder(name);
  assert.equal(await second.says(), 'waits');
  first.child.kill('SIGKILL');
  assert.equal(await second.says(), 'holds');
});

test('it is free at once for whoever comes after its end, and no other name is touched by it', async () => {
  const name = randomUUID();
  const first = holder(name, 'await lock.release(); console.log("freed")');
  assert.deepEqual([await first.says(), await first.says()], ['holds', 'freed']);
  const [lock, other] = [await takeLock(name), await takeLock(`${name} and another`)];
  await Promise.all([lock.release(), other.release()]);
});

test('work that outlives its killed parent still holds it', async () => {
  const name = randomUUID();
  const parent = holder(name, `
    const work = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: ['ignore', 'ignore', 'ignore', lock.fd] });
    console.log(work.pid)`);
  assert.equal(await parent.says(), 'holds');
  const pid = Number(await parent.says());
  running.add({ kill: () => spawn('kill', ['-KILL', String(pid)], { stdio: 'ignore' }) });
  parent.child.kill('SIGKILL');
  await once(parent.child, 'exit');
  const next = holder(name);
  assert.equal(await next.says(), 'waits');
  const said = next.says();
  assert.equal(await Promise.race([said, new Promise((resolve) => setTimeout(resolve, 1_000, 'still waits'))]), 'still waits');
  process.kill(pid, 'SIGKILL');
  assert.equal(await said, 'holds');
});
