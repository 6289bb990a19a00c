import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram, runProgram } from '@stella/cli/program';
import { type CliIo, writeConnection } from '@stella/cli';
import { createLogger } from '@stella/platform-telemetry';
import { addBackup } from '../src/backup/commands.js';
import { clientOf, StellaNode } from '../src/index.js';
import { keepPorts } from '../src/keep-ports.js';
import { CommandLine, type Ran } from './support/cli.js';

const root = mkdtempSync(join(tmpdir(), 'backup-'));
// The database runs as another user, who passes through.
chmodSync(root, 0o711);
const OLD = join(root, 'old');
const FIRST = join(root, 'backups', 'first');
const SECOND = join(root, 'backups', 'second');
const running = new Set<StellaNode>();

afterAll(async () => {
  for (const node of running) await node.stop();
  rmSync(root, { recursive: true, force: true });
}, 60_000);

/** `stella backup …`, `stella restore …` for a home. */
async function stella(home: string, ...argv: readonly string[]): Promise<Ran> {
  let [out, stderr] = ['', ''];
  const io: CliIo = { stdout: { write: (text) => (out += text) }, stderr: { write: (text) => (stderr += text) }, env: { STELLA_HOME: home }, cwd: root, isTty: false, now: () => new Date() };
  const words = ['--json', ...argv];
  const program = await buildProgram(io, words);
  addBackup(program, io);
  const exitCode = await runProgram(program, words, io);
  const failure = stderr.split('\n').find((line) => line.startsWith('{"error":'));
  return { exitCode, stderr, answer: out === '' ? undefined : JSON.parse(out), error: failure === undefined ? undefined : JSON.parse(failure).error };
}

async function start(home: string): Promise<StellaNode> {
  const folder = join(home, 'node');
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const node = await StellaNode.start({ folder, organisation: 'kept.test', logger: createLogger({ name: 'kept', level: 'silent' }), withoutDurability: true, ...(await keepPorts(folder)) });
  running.add(node);
  await writeConnection(join(home, 'connection.json'), node.connection);
  return node;
}

async function stop(node: StellaNode): Promise<void> {
  running.delete(node);
  await node.stop();
}

const PROGRAM = 'int twice(int n) { return n ADD; } int main(int argc, char **argv) { (void)argv; return twice(argc); }';

function build(name: string, add: string): string {
  const path = join(root, name);
  writeFileSync(`${path}.c`, PROGRAM.replace('ADD', add));
  execFileSync('gcc', ['-O1', '-g', '-fno-inline', '-o', path, `${path}.c`]);
  return path;
}

const gate = (home: string, candidate: string): Promise<Ran> =>
  new CommandLine(home).run('gate', '--baseline', join(root, 'v1'), '--candidate', join(root, candidate), '--baseline-runs', '--claim', 'changes twice', '--bundle', `${candidate}.bundle.json`);

async function logOf(home: string): Promise<unknown> {
  const { answer } = await new CommandLine(home).run('node', 'status');
  return answer;
}

async function verdictsOf(node: StellaNode) {
  const client = clientOf(node.connection);
  try {
    return (await client.gate.listVerdicts({})).verdicts;
  } finally {
    client.close();
  }
}

beforeAll(() => {
  build('v1', '* 2');
  build('v2', '* 2 + 1');
  build('v3', '* 3');
});

test('what a running node has is had by the one restored from its backup: verdicts, bundles, the log and its end', async () => {
  let node = await start(OLD);
  const asked = await gate(OLD, 'v2');
  expect(asked).toMatchObject({ error: undefined, answer: { verdict: { cached: false } } });
  await node.settle();
  const backedUp = await stella(OLD, 'backup', FIRST);
  expect(backedUp).toMatchObject({ exitCode: 0, error: undefined, answer: { shape: 'embedded', organisation: 'kept.test', keys: 'included' } });
  expect(backedUp.answer.blobs).toBeGreaterThan(0);
  console.log(`backup: ${backedUp.answer.files} files, ${(backedUp.answer.sizeBytes / 2 ** 20).toFixed(1)} MiB, ${backedUp.answer.seconds} s`);
  const [verdicts, log] = [await verdictsOf(node), await logOf(OLD)];

  // What comes after the backup is not in it.
  expect(await gate(OLD, 'v3')).toMatchObject({ error: undefined });
  await stop(node);

  const home = join(root, 'new');
  const restored = await stella(home, 'restore', FIRST, '--manifest-sha256', backedUp.answer.manifestSha256);
  expect(restored).toMatchObject({ exitCode: 0, error: undefined });
  expect(restored.stderr).toMatch(/only peers/);
  console.log(`restore: ${restored.answer.seconds} s`);
  node = await start(home);
  expect(await verdictsOf(node)).toEqual(verdicts);
  expect(verdicts).toHaveLength(1);
  expect(await logOf(home)).toEqual(log);
  const again = await gate(home, 'v2');
  expect(again).toMatchObject({ exitCode: asked.exitCode, answer: { verdict: { name: asked.answer.verdict.name, bundleSha256: asked.answer.verdict.bundleSha256, cached: true } } });
  expect(readFileSync(join(home, 'v2.bundle.json'))).toEqual(readFileSync(join(OLD, 'v2.bundle.json')));
  // It goes on where the backup ends.
  expect(await gate(home, 'v3')).toMatchObject({ error: undefined, answer: { verdict: { cached: false } } });
  await stop(node);
}, 180_000);
