import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCacheFolder } from './compile-cache-folder.js';

const home = mkdtempSync(join(tmpdir(), 'stella-home-'));
const other = (process.getuid?.() ?? 0) + 1;
afterAll(() => rmSync(home, { recursive: true }));

test('a folder of the user alone, made where there is none', () => {
  const folder = compileCacheFolder({ HOME: home });
  expect(folder).toBe(join(home, '.cache', 'stella', 'compiled'));
  expect(statSync(folder as string).mode & 0o777).toBe(0o700);
  expect(compileCacheFolder({ HOME: home, XDG_CACHE_HOME: join(home, 'xdg') })).toBe(join(home, 'xdg', 'stella', 'compiled'));
});

test('code is taken from no folder that somebody else owns or may write to', () => {
  expect(compileCacheFolder({ HOME: home }, other)).toBeUndefined();
  chmodSync(join(home, '.cache', 'stella'), 0o777);
  expect(compileCacheFolder({ HOME: home })).toBeUndefined();
  const linked = join(home, 'linked');
  mkdirSync(linked);
  symlinkSync(join(home, 'xdg'), join(linked, '.cache'));
  expect(compileCacheFolder({ HOME: linked })).toBeUndefined();
});

test('without a home, or with one that is no folder, there is none', () => {
  expect(compileCacheFolder({})).toBeUndefined();
  writeFileSync(join(home, 'file'), '');
  expect(compileCacheFolder({ HOME: join(home, 'file') })).toBeUndefined();
});
