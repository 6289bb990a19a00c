// Builds stella-native, or takes it from the user's cache, where it lies by the digest of all that it is made of.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const BUILT = join('target', 'release', 'stella-native');

const cached = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'stella', 'native', sourceDigest(), 'stella-native');
if (existsSync(cached)) {
  place(cached, BUILT);
} else {
  execFileSync('cargo', ['build', '--release', '--locked', '--bin', 'stella-native'], { stdio: 'inherit' });
  if (!process.env.CARGO_TARGET_DIR) place(BUILT, cached);
}

function sourceDigest() {
  const hash = createHash('sha256');
  const files = ['Cargo.toml', 'Cargo.lock', ...rustFiles('libs/native/crates')];
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  hash.update(execFileSync('rustc', ['-vV']));
  return hash.digest('hex').slice(0, 32);
}

function rustFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.(rs|toml)$/.test(name))
    .map((name) => join(folder, name))
    .sort();
}

/** Copied beside and renamed: nobody ever runs half an executable. */
function place(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, `${to}.${process.pid}`);
  renameSync(`${to}.${process.pid}`, to);
}
