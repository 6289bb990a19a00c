import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, cacheFolder } from '../lib/cache.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stella-cache-test-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const file = async (folder: string) => writeFileSync(join(folder, 'made'), 'x');

test('builds once, also when two ask at once', async () => {
  let builds = 0;
  const build = async (folder: string) => {
    builds++;
    await new Promise((resolve) => setTimeout(resolve, 50));
    await file(folder);
  };
  const both = await Promise.all([cached('a-1', build, { root }), cached('a-1', build, { root })]);
  expect(both).toEqual([join(root, 'a-1'), join(root, 'a-1')]);
  expect(await cached('a-1', build, { root })).toBe(both[0]);
  expect(builds).toBe(1);
  await cached('a-2', build, { root });
  expect(builds).toBe(2);
});

test('keeps nothing of a build that failed', async () => {
  const build = async (folder: string) => {
    await file(folder);
    throw new Error('no');
  };
  await expect(cached('a-1', build, { root })).rejects.toThrow('no');
  expect(readdirSync(root)).toEqual([]);
});

test('takes nothing of a build that was killed, and cleans up after it', async () => {
  const module = fileURLToPath(new URL('../lib/cache.mjs', import.meta.url));
  const program = `import { cached } from ${JSON.stringify(module)};
    import { writeFileSync } from 'node:fs';
    await cached('a-1', async (folder) => {
      writeFileSync(folder + '/half', '');
      console.log('building');
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    }, { root: ${JSON.stringify(root)} });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  expect(readdirSync(root)).toHaveLength(1);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const made = await cached('a-1', file, { root });
  expect(readdirSync(made)).toEqual(['made']);
  expect(readdirSync(root)).toEqual(['a-1']);
});

test('lies in the user\'s cache, or beside the servers where that cannot be written', () => {
  const { XDG_CACHE_HOME: cacheBefore, STELLA_E2E_FOLDER: folderBefore } = process.env;
  try {
    process.env['XDG_CACHE_HOME'] = join(root, 'xdg');
    process.env['STELLA_E2E_FOLDER'] = join(root, 'e2e');
    expect(cacheFolder()).toBe(join(root, 'xdg', 'stella', 'servers'));
    // A file where the folder should be: also root cannot write below it.
    writeFileSync(join(root, 'occupied'), '');
    process.env['XDG_CACHE_HOME'] = join(root, 'occupied');
    expect(cacheFolder()).toBe(join(root, 'e2e', 'cache'));
  } finally {
    for (const [name, value] of Object.entries({ XDG_CACHE_HOME: cacheBefore, STELLA_E2E_FOLDER: folderBefore })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});

test('a folder of the key that is being made by nobody is not in the way', async () => {
  mkdirSync(join(root, 'a-1.99.unfinished'));
  chmodSync(join(root, 'a-1.99.unfinished'), 0o500);
  await cached('a-1', file, { root });
  expect(existsSync(join(root, 'a-1.99.unfinished'))).toBe(false);
});
