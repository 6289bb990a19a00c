import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram, runProgram } from '@stella/cli/program';
import { type CliIo, writeConnection } from '@stella/cli';
import { isStellaError } from '@stella/client';
import { PeeringState } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { createLogger } from '@stella/platform-telemetry';
import { addBackup } from '../src/backup/commands.js';
import { clientOf, StellaNode } from '../src/index.js';
import { peerNodes } from '../src/peer-nodes.js';
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

async function start(home: string, organisation = 'kept.test'): Promise<StellaNode> {
  const folder = join(home, 'node');
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const node = await StellaNode.start({ folder, organisation, logger: createLogger({ name: organisation, level: 'silent' }), withoutDurability: true, ...(await keepPorts(folder)) });
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

interface Answer {
  readonly exitCode: number;
  readonly name: string;
  readonly bundleSha256: string;
  readonly isCached: boolean;
  readonly unmet: readonly string[];
  readonly error: Ran['error'];
}

async function gate(home: string, candidate: string): Promise<Answer> {
  const words = ['--baseline', join(root, 'v1'), '--candidate', join(root, candidate), '--baseline-runs', '--claim', 'changes twice', '--bundle', `${candidate}.bundle.json`];
  const { exitCode, answer, error } = await new CommandLine(home).run('gate', ...words);
  const { name = '', bundleSha256 = '', cached = false, unmetRules = [] } = answer?.verdict ?? {};
  return { exitCode, name, bundleSha256, isCached: cached, unmet: (unmetRules as { rule: string }[]).map(({ rule }) => rule), error };
}

/** Offline, with what the node hands out. */
async function verify(home: string, candidate: string): Promise<Ran> {
  const line = new CommandLine(home);
  expect(await line.run('trust', 'export', '--out', 'trust')).toMatchObject({ exitCode: 0 });
  const { answer } = await line.run('policy', 'list');
  const policy = answer.policies.find(({ name }: { name: string }) => name === 'policies/standard').sha256;
  const subject = execFileSync('sha256sum', [join(root, candidate)], { encoding: 'utf8' }).slice(0, 64);
  return line.run('verify', `${candidate}.bundle.json`, '--trust', 'trust/trust-root.json', '--revocations', 'trust/revocations.json', '--subject', subject, '--policy', policy);
}

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
  build('v4', '* 4');
});

async function pull(of: StellaNode): Promise<string> {
  const client = clientOf(of.connection);
  try {
    const { peerings } = await client.fbpe.listPeerings({});
    await client.fbpe.pullPeer({ peering: peerings[0]?.name ?? '' }, { timeoutMs: 60_000 });
    return 'followed';
  } catch (error) {
    if (isStellaError(error)) return error.reason;
    throw error;
  } finally {
    client.close();
  }
}

async function peeringOf(node: StellaNode) {
  const client = clientOf(node.connection);
  try {
    return (await client.fbpe.listPeerings({})).peerings[0];
  } finally {
    client.close();
  }
}

const OLD_HEAD = join(OLD, 'node', 'keys', 'log.head');

test('what a running node has is had by the one restored from its backup: verdicts, bundles, the log and its end; a peer that saw more than that freezes it with evidence', async () => {
  const peer = await start(join(root, 'peer'), 'peer.test');
  let node = await start(OLD);
  await peerNodes([node, peer]);
  const asked = await gate(OLD, 'v2');
  expect(asked).toMatchObject({ exitCode: 0, isCached: false, error: undefined });
  await node.settle();
  const backedUp = await stella(OLD, 'backup', FIRST);
  expect(backedUp).toMatchObject({ exitCode: 0, error: undefined, answer: { shape: 'embedded', organisation: 'kept.test', keys: 'included' } });
  expect(backedUp.answer.blobs).toBeGreaterThan(0);
  const [verdicts, log] = [await verdictsOf(node), await logOf(OLD)];

  // What comes after the backup is not in it; the peer sees it.
  expect(await gate(OLD, 'v3')).toMatchObject({ exitCode: 0 });
  expect(await pull(peer)).toBe('followed');
  await stop(node);
  expect(await stella(OLD, 'backup', SECOND)).toMatchObject({ exitCode: 0, error: undefined });

  const home = join(root, 'new');
  const restored = await stella(home, 'restore', FIRST, '--manifest-sha256', backedUp.answer.manifestSha256);
  expect(restored).toMatchObject({ exitCode: 0, error: undefined });
  expect(restored.stderr).toMatch(/only peers/);
  console.log(`backup: ${backedUp.answer.files} files, ${(backedUp.answer.sizeBytes / 2 ** 20).toFixed(1)} MiB, ${backedUp.answer.seconds} s; restore: ${restored.answer.seconds} s`);
  expect(readdirSync(home)).toEqual(['node']);
  expect(statSync(join(home, 'node', 'keys', 'log.pem')).mode & 0o777).toBe(0o600);
  node = await start(home);
  expect(await verdictsOf(node)).toEqual(verdicts);
  expect(verdicts).toHaveLength(1);
  expect(await logOf(home)).toEqual(log);
  expect(await gate(home, 'v2')).toEqual({ ...asked, isCached: true });
  expect(readFileSync(join(home, 'v2.bundle.json'))).toEqual(readFileSync(join(OLD, 'v2.bundle.json')));
  expect(await verify(home, 'v2')).toMatchObject({ exitCode: 0, error: undefined });

  // Nothing beside it knew of more, so that it goes on where the backup ends: a second history.
  expect(await gate(home, 'v3')).toMatchObject({ exitCode: 0, isCached: false });
  expect(await pull(peer)).toBe('LOG_EQUIVOCATES');
  expect(await peeringOf(peer)).toMatchObject({ state: PeeringState.PEERING_STATE_FROZEN, frozenReason: 'LOG_EQUIVOCATES' });
  await stop(node);
  await stop(peer);
}, 240_000);

test('beside the head of the log as it was signed, an older backup signs nothing, and the newest one goes on', async () => {
  const older = join(root, 'older');
  const restored = await stella(older, 'restore', FIRST, '--signed-head', OLD_HEAD);
  expect(restored).toMatchObject({ exitCode: 0, error: undefined });
  expect(restored.stderr).not.toMatch(/only peers/);
  let node = await start(older);
  const log = await logOf(older);
  const refused = await gate(older, 'v3');
  console.log(JSON.stringify(refused));
  const withdrawn = await new CommandLine(older).run('candidate', 'withdraw', join(root, 'v2'));
  console.log(JSON.stringify(withdrawn));
  // What it has can be read and is still true.
  expect(await gate(older, 'v2')).toMatchObject({ exitCode: 0, isCached: true });
  expect(await logOf(older)).toEqual(log);
  await stop(node);

  const newest = join(root, 'newest');
  expect(await stella(newest, 'restore', SECOND, '--signed-head', OLD_HEAD)).toMatchObject({ exitCode: 0 });
  node = await start(newest);
  expect(await gate(newest, 'v3')).toMatchObject({ exitCode: 0, isCached: true });
  expect(await gate(newest, 'v4')).toMatchObject({ exitCode: 0, isCached: false });
  await stop(node);
}, 240_000);

test('a backup without keys has nothing that signs, and is restored with those that were kept elsewhere', async () => {
  const bare = join(root, 'backups', 'bare');
  expect(await stella(OLD, 'backup', bare, '--without-keys')).toMatchObject({ exitCode: 0, answer: { keys: 'left-out' } });
  const files = readdirSync(bare, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.filter(({ name }) => /\.(?:pem|secret)$/.test(name))).toEqual([]);
  const home = join(root, 'with-kept-keys');
  expect(await stella(home, 'restore', bare)).toMatchObject({ exitCode: 2, error: { reason: 'BACKUP_KEYS_MISSING' } });
  mkdirSync(join(root, 'no-keys'));
  expect(await stella(home, 'restore', bare, '--keys', 'no-keys')).toMatchObject({ exitCode: 2, error: { reason: 'BACKUP_KEYS_MISSING', facts: { missing: expect.stringMatching(/log\.pem/) } } });
  expect(await stella(home, 'restore', FIRST, '--keys', join(OLD, 'node', 'keys'))).toMatchObject({ exitCode: 2, error: { reason: 'USAGE_INVALID' } });
  expect(existsSync(join(home, 'node'))).toBe(false);
  const restored = await stella(home, 'restore', bare, '--keys', join(OLD, 'node', 'keys'));
  expect(restored).toMatchObject({ exitCode: 0, error: undefined });
  const node = await start(home);
  expect(await gate(home, 'v3')).toMatchObject({ exitCode: 0, isCached: true });
  await stop(node);
}, 180_000);

test.each([
  ['blobs/', 'a blob'],
  ['postgres/base/', 'a file of the database'],
  ['keys/', 'a key'],
])('one flipped byte in %s is refused, and leaves no installation', async (below) => {
  const home = join(root, 'damaged');
  const list = readFileSync(join(FIRST, 'files.sha256'), 'utf8').split('\n').map((line) => line.slice(66));
  const file = list.find((path) => path.startsWith(below) && statSync(join(FIRST, path)).size > 0) ?? '';
  const original = readFileSync(join(FIRST, file));
  const damage = Buffer.from(original);
  damage[damage.length >> 1] = (damage[damage.length >> 1] ?? 0) ^ 1;
  writeFileSync(join(FIRST, file), damage);
  try {
    expect(await stella(home, 'restore', FIRST)).toMatchObject({ exitCode: 1, error: { reason: 'BACKUP_DAMAGED', facts: { file } } });
    rmSync(join(FIRST, file));
    expect(await stella(home, 'restore', FIRST, '--check')).toMatchObject({ exitCode: 1, error: { reason: 'BACKUP_DAMAGED', facts: { file, problem: 'missing' } } });
    expect(existsSync(join(home, 'node'))).toBe(false);
  } finally {
    writeFileSync(join(FIRST, file), original, { mode: 0o600 });
  }
  expect(await stella(home, 'restore', FIRST, '--check')).toMatchObject({ exitCode: 0, answer: { files: expect.any(Number) } });
}, 120_000);

test('an installation is not written over, a backup neither, and a folder without one is told so', async () => {
  expect(await stella(OLD, 'restore', FIRST)).toMatchObject({ exitCode: 1, error: { reason: 'INSTALLATION_NOT_EMPTY' } });
  expect(await stella(OLD, 'backup', FIRST)).toMatchObject({ exitCode: 1, error: { reason: 'BACKUP_EXISTS' } });
  expect(await stella(join(root, 'nothing'), 'backup', join(root, 'backups', 'of-nothing'))).toMatchObject({ exitCode: 2, error: { reason: 'CONFIG_INVALID' } });
  // That folder holds a backup that was begun.
  expect(await stella(join(root, 'nothing'), 'restore', join(root, 'backups', 'of-nothing'))).toMatchObject({ exitCode: 1, error: { reason: 'BACKUP_INCOMPLETE' } });
  expect(await stella(OLD, 'backup', join(root, 'backups', 'x'), '--keys', 'y')).toMatchObject({ exitCode: 2, error: { reason: 'USAGE_INVALID' } });
}, 60_000);
