// `npm test [-- --again]`: everything that needs no outside server. Ends with one line that counts, and fails if anything
// failed. A project whose inputs (nx.json) are those of a run that passed is not run again, but for --again.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectFolders } from './projects.mjs';
import { addCounts, forgetCounts } from './test-counts.mjs';

const STAGE_SECONDS_MAX = 3_600;
/** What `timeout` of coreutils ends with. */
const TIMED_OUT = 124;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const again = process.argv.includes('--again');
const run = `${process.pid}-${Date.now()}`;
const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0', STELLA_TEST_RUN: run };
const failures = [];

debianPackages({ gdb: 'gdb', 'debuginfod-find': 'debuginfod', objcopy: 'binutils' });
const lint = stage('lint', 'npm', ['run', '--silent', 'lint'], { isAside: true });
await stage('tools', 'node', ['--test', 'tools/test/*.test.mjs']);
await stage('rust', 'cargo', ['test', '--workspace', '--release', '--locked', '--quiet']);
await lint;
// The suites on real servers are not among them.
const folders = projectFolders(root).filter((folder) => folder !== 'e2e');
forgetCounts(folders);
await stage('typescript', 'nx', ['run-many', '-t', 'test', '--outputStyle=static', '--parallel=2', ...(again ? ['--skipNxCache'] : [])]);

const counts = addCounts(folders, run);
if (counts.passed === 0) failures.push('no TypeScript test ran');
for (const folder of counts.uncounted) failures.push(`the tests of ${folder} are not counted`);
if (failures.length > 0) console.log(`failed: ${failures.join(', ')}`);
if (counts.recorded > 0) console.log(`${counts.recorded} of them are recorded from a run with the same inputs (all again: npm test -- --again)`);
console.log(`${counts.passed} passed, ${counts.failed + failures.length} failed, ${counts.skipped} skipped`);
process.exit(failures.length > 0 || counts.failed > 0 ? 1 : 0);

/**
 * Whatever does not end is ended: a suite that failed may have left a server that keeps it running. With all that it
 * started, but at a terminal, where an interrupt has to reach it.
 * @param {{ isAside?: boolean }} how `isAside`: runs beside others, and what it says is shown at its end
 */
async function stage(name, command, args, { isAside = false } = {}) {
  if (!isAside) console.log(`\n== ${name}`);
  const beganMs = Date.now();
  const limit = [...(process.stdin.isTTY ? ['--foreground'] : []), '--kill-after=30', `${STAGE_SECONDS_MAX}`];
  const child = spawn('timeout', [...limit, command, ...args], { env, stdio: ['inherit', ...(isAside ? ['pipe', 'pipe'] : ['inherit', 'inherit'])] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => said.push(bytes));
  const [code] = await once(child, 'close');
  if (isAside) process.stdout.write(`\n== ${name}\n${Buffer.concat(said)}`);
  console.log(`== ${name}: ${Math.round((Date.now() - beganMs) / 1000)} s`);
  if (code !== 0) failures.push(code === TIMED_OUT ? `${name} (not over after ${STAGE_SECONDS_MAX} s)` : name);
}

/** The real debuggers that the tests hold the symbol server against. */
function debianPackages(tools) {
  const missing = Object.entries(tools).filter(([tool]) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  if (missing.length === 0) return;
  const packages = missing.map(([, name]) => name);
  if (process.getuid() !== 0) {
    console.log(`not installed: ${packages.join(' ')}; their tests will say that they were skipped (apt-get install ${packages.join(' ')})`);
    return;
  }
  const quiet = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'ignore', 'inherit'] };
  spawnSync('apt-get', ['update', '-qq'], quiet);
  if (spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], quiet).status !== 0) {
    failures.push(`apt-get install ${packages.join(' ')}`);
  }
}
