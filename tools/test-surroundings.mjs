// Prints what the results of tests hang on besides the files of the workspace, so that nx gives a recorded result only
// where all of it is the same: programs, conformance vectors, who runs them.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Their versions, or that they are missing: a test that wants one is skipped then. */
const PROGRAMS = ['node', 'cargo', 'gcc', 'go', 'gdb', 'debuginfod-find', 'objcopy', 'openssl', 'git'];
const WITHOUT_DASHES = ['go', 'openssl'];
const VARIABLES = ['CI', 'STELLA_REQUIRE_VECTORS', 'STELLA_VECTORS', 'STELLA_NATIVE', 'STELLA_SQL_RECORD', 'LANG', 'LC_ALL', 'TZ'];
const vectors = process.env.STELLA_VECTORS ?? fileURLToPath(new URL('../../shared/data/vectors', import.meta.url));

for (const name of PROGRAMS) {
  const { status, stdout } = spawnSync(name, [WITHOUT_DASHES.includes(name) ? 'version' : '--version'], { encoding: 'utf8', timeout: 30_000 });
  console.log(name, status === 0 ? stdout.split('\n', 1)[0] : 'missing');
}
for (const name of VARIABLES) console.log(name, process.env[name] ?? 'not set');
console.log('account', process.getuid() === 0 ? 'root' : 'other', 'kernel', release());
const native = process.env.STELLA_NATIVE;
if (native !== undefined && existsSync(native)) console.log('native', createHash('sha256').update(readFileSync(native)).digest('hex'));
console.log('vectors', existsSync(vectors) ? digestOf(vectors) : 'missing');

function digestOf(folder) {
  const digest = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map(({ parentPath, name }) => join(parentPath, name)).sort()) {
    const bytes = readFileSync(path);
    digest.update(`${path.slice(folder.length)}\0${bytes.length}\0`).update(bytes);
  }
  return digest.digest('hex');
}
