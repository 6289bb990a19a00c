import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const TOOLS = fileURLToPath(new URL('../', import.meta.url));
const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

// A checkout in small: the real set-up, with tools that take their time, leave their work half done in between, and do not
// do again what is done.
let checkout;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'stella-setup-'));
  folders.push(checkout);
  for (const folder of ['tools', 'bin', 'node_modules/.bin', 'dist']) mkdirSync(join(checkout, folder), { recursive: true });
  for (const name of ['setup.mjs', 'lock.mjs']) copyFileSync(join(TOOLS, name), join(checkout, 'tools', name));
  writeFileSync(join(checkout, 'package-lock.json'), '{}');
  const slow = (what) => `
    [ "$1" = --version ] && exit 0
    echo '${what} begins' >> log
    [ -e fail-${what} ] && exit 1
    if [ "$(cat dist/${what} 2>/dev/null)" = 'half whole' ]; then echo '${what} has nothing to do' >> log; exit 0; fi
    printf half > dist/${what}; sleep 0.3; while [ -e hold ]; do sleep 0.05; done; printf ' whole' >> dist/${what}
    echo '${what} ends' >> log`;
  script('bin/npm', slow('npm'));
  script('node_modules/.bin/nx', slow('nx'));
  for (const name of ['cargo', 'gcc']) script(`bin/${name}`, '');
});

function script(path, body) {
  writeFileSync(join(checkout, path), `#!/bin/sh\n${body}\n`);
  chmodSync(join(checkout, path), 0o755);
}

function setUp(...args) {
  const child = spawn(process.execPath, [join(checkout, 'tools/setup.mjs'), ...args], { env: { ...process.env, PATH: `${join(checkout, 'bin')}:${process.env.PATH}` }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  child.stdout.resume();
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, said, built: existsSync(join(checkout, 'dist/nx')) ? readFileSync(join(checkout, 'dist/nx'), 'utf8') : '' }));
  return { child, ended, said: () => said };
}

const log = () => (existsSync(join(checkout, 'log')) ? readFileSync(join(checkout, 'log'), 'utf8').trim().split('\n') : []);
const until = async (holds) => {
  for (const endMs = Date.now() + 20_000; !holds(); ) {
    assert.ok(Date.now() < endMs, 'it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

test('two at once from a clean checkout: one waits and says so, both end well, nothing is done over the other', async () => {
  writeFileSync(join(checkout, 'hold'), '');
  const commands = [setUp(), setUp()];
  await until(() => commands.some((command) => command.said().includes('waiting for it')));
  rmSync(join(checkout, 'hold'));
  const both = await Promise.all(commands.map(({ ended }) => ended));
  assert.deepEqual(both.map(({ code, built }) => [code, built]), [[0, 'half whole'], [0, 'half whole']]);
  assert.equal(both.filter(({ said }) => said.includes('another command sets this checkout up; waiting for it')).length, 1);
  // Dependencies are installed once, and no two of these overlap.
  assert.deepEqual(log(), ['npm begins', 'npm ends', 'nx begins', 'nx ends', 'nx begins', 'nx has nothing to do']);
});

test('a command that needs what is built waits for a set-up, and takes it from there', async () => {
  const first = setUp();
  await until(() => log().includes('nx begins'));
  const second = await setUp('--if-missing').ended;
  assert.deepEqual([second.code, second.built], [0, 'half whole']);
  assert.equal((await first.ended).code, 0);
  assert.equal(log().filter((line) => line === 'nx begins').length, 1);
});

test('a set-up that was killed is done again by whoever comes next, also where that one only looks whether it is there', async () => {
  const killed = setUp();
  await until(() => log().includes('nx begins'));
  killed.child.kill('SIGKILL');
  assert.equal((await killed.ended).signal, 'SIGKILL');
  const next = await setUp('--if-missing').ended;
  assert.deepEqual([next.code, next.built], [0, 'half whole']);
  // What the killed one had begun was let come to its end first.
  assert.deepEqual(log().slice(-4), ['nx begins', 'nx ends', 'nx begins', 'nx has nothing to do']);
});

test('one that fails says so and frees the lock; nothing counts as built', async () => {
  writeFileSync(join(checkout, 'fail-nx'), '');
  const failed = await setUp().ended;
  assert.equal(failed.code, 1);
  assert.match(failed.said, /`.*nx run-many -t build --outputStyle=static` failed/);
  rmSync(join(checkout, 'fail-nx'));
  assert.equal((await setUp('--if-missing').ended).code, 0);
});

test('tools that are missing are all named, with how they get here', async () => {
  script('bin/cargo', 'exit 1');
  const { code, said } = await setUp().ended;
  assert.equal(code, 2);
  assert.match(said, /cargo: install Rust with rustup/);
  assert.deepEqual(log(), []);
});
