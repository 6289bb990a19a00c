import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const LUA = join(import.meta.dirname, '../../../../libs/incidents/lua');
const NOT_OF_THE_LIBRARY = new Set(['lua.c', 'luac.c', 'ltests.c', 'onelua.c']);

/** Lua 5.4.0 as somebody else builds it: other optimisation, so other code, and with its symbols. Gives the program's path. */
export function otherLuaBuild(folder: string): string {
  const metadata = execFileSync('cargo', ['metadata', '--format-version', '1', '--locked', '--manifest-path', join(LUA, 'Cargo.toml')], { encoding: 'utf8', maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'ignore'] });
  const { packages } = JSON.parse(metadata) as { packages: { name: string; version: string; manifest_path: string }[] };
  const found = packages.find(({ name, version }) => name === 'lua-src' && version === '540.0.0');
  if (!found) throw new Error('the sources of Lua 5.4.0 are not there');
  const sources = join(dirname(found.manifest_path), 'lua-5.4.0');
  const files = readdirSync(sources).filter((file) => file.endsWith('.c') && !NOT_OF_THE_LIBRARY.has(file)).map((file) => join(sources, file));
  const program = join(folder, 'lua-other');
  execFileSync('gcc', ['-O1', '-g', '-std=gnu99', `-I${sources}`, '-o', program, ...files, join(LUA, 'main.c'), '-lm', '-ldl']);
  return program;
}
