// Everything that the README's commands need, from a fresh clone: checks the tools, installs the locked dependencies,
// builds. Safe to repeat: what is up to date is left alone. Several at once wait for each other, so that none finds what
// another one has half done. Needs only Node and its standard library.
//
// --if-missing: waits for a set-up that is under way, and sets up only where nothing has been built yet.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { takeLock } from './lock.mjs';

const NODE_MAJOR_MIN = 20;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

/** There from the end of a set-up to the beginning of the next: one that was killed left who knows what. */
const DONE = join('node_modules', '.stella-built');
const isThere = () => process.argv.includes('--if-missing') && existsSync(DONE);
let lock;
if (!isThere()) {
  checkTools();
  lock = takeLock(root, () => step('another command sets this checkout up; waiting for it'));
  if (!isThere()) setUp();
  lock.release();
}

function setUp() {
  rmSync(DONE, { force: true });
  installDependencies();
  build();
  writeFileSync(DONE, '');
}

function checkTools() {
  const missing = [];
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) missing.push(`Node >= ${NODE_MAJOR_MIN} (this is ${process.version})`);
  for (const [tool, how] of [
    ['npm', 'comes with Node'],
    ['cargo', 'install Rust with rustup'],
    ['gcc', 'apt-get install gcc'],
    ['flock', 'apt-get install util-linux'],
  ]) {
    if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).status !== 0) missing.push(`${tool}: ${how}`);
  }
  if (missing.length === 0) return;
  console.error(`stella: these are missing, install them and call again:\n  ${missing.join('\n  ')}`);
  process.exit(2);
}

function installDependencies() {
  const stamp = join('node_modules', '.stella-lock');
  const wanted = createHash('sha256').update(readFileSync('package-lock.json')).update(process.arch).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  step('installing dependencies');
  run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(`${stamp}.${process.pid}`, wanted);
  renameSync(`${stamp}.${process.pid}`, stamp);
}

function build() {
  step('building');
  const nx = join('node_modules', '.bin', 'nx');
  // nx's daemon would outlive us.
  run(nx, ['run-many', '-t', 'build', '--outputStyle=static'], { NX_DAEMON: 'false', NX_TUI: 'false' }, true);
}

function run(command, args, env = {}, quiet = false) {
  const options = { env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`, ...env } };
  const output = quiet ? 'pipe' : 'inherit';
  try {
    execFileSync(command, args, { ...options, maxBuffer: 64 << 20, stdio: ['ignore', output, output, lock.fd] });
  } catch (error) {
    if (quiet) process.stderr.write(`${error.stdout ?? ''}${error.stderr ?? ''}`);
    console.error(`stella: \`${command} ${args.join(' ')}\` failed; the reason stands above`);
    process.exit(1);
  }
}

function step(text) {
  console.error(`stella: ${text} …`);
}
