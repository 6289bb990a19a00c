// Builds programs from Go modules once, and keeps them by the digest of all that they are made of.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { call, callAsync } from './command.mjs';
import { GO_BUILDS, LDFLAGS } from './go-builds.mjs';
import { CACHE, SOURCE } from './paths.mjs';

const FLAGS = ['-trimpath', '-buildvcs=false'];

/** The folder with the programs of a build, whether or not it was made yet. */
export function folderOf(name) {
  return join(CACHE, `${name}-${digestOf(name)}`);
}

export function isBuilt(name) {
  return existsSync(folderOf(name));
}

/** @returns seconds that it took; 0 where it was there */
export async function ensureBuilt(name) {
  if (isBuilt(name)) return 0;
  const began = Date.now();
  const { module, programs, ldflags = LDFLAGS, links = {} } = GO_BUILDS[name];
  mkdirSync(CACHE, { recursive: true });
  const made = mkdtempSync(join(CACHE, `.${name}-`));
  try {
    for (const [program, path] of Object.entries(programs)) {
      const args = ['-n', '15', 'go', 'build', ...FLAGS, '-ldflags', ldflags, '-o', join(made, program), path];
      await callAsync('nice', args, { cwd: join(SOURCE, 'go', module), env: { ...process.env, CGO_ENABLED: '0' } });
    }
    for (const [link, program] of Object.entries(links)) symlinkSync(program, join(made, link));
    place(made, folderOf(name));
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return Math.round((Date.now() - began) / 1000);
}

/** Whoever is first wins: both have built the same. */
function place(made, folder) {
  try {
    renameSync(made, folder);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
  }
}

let goVersion;
function digestOf(name) {
  goVersion ??= call('go', ['version']);
  const { module, ...build } = GO_BUILDS[name];
  const hash = createHash('sha256').update(goVersion).update(JSON.stringify([build, FLAGS, LDFLAGS]));
  const folder = join(SOURCE, 'go', module);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const file of files.map(({ parentPath, name: file }) => relative(folder, join(parentPath, file))).sort()) hash.update(`${file}\0`).update(readFileSync(join(folder, file))).update('\0');
  return hash.digest('hex').slice(0, 16);
}
