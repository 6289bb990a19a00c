import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PREDICATE_TYPES, sha256Hex, signStatement } from '@stella/attestation';
import { writeConnection } from '@stella/cli';
import { isStellaError, type StellaError } from '@stella/client';
import { PeeringState } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { createLogger } from '@stella/platform-telemetry';
import { clientOf, StellaNode } from '../src/index.js';
import { peerNodes } from '../src/peer-nodes.js';
import { keepPorts } from '../src/keep-ports.js';
import { CommandLine, type Ran } from './support/cli.js';
import { onInstallation } from './support/installation-cli.js';
import { type SmallRelease, SmallReleases } from './support/small-releases.js';

const root = mkdtempSync(join(tmpdir(), 'backup-'));
// The database runs as another user, who passes through.
chmodSync(root, 0o711);
const releases = new SmallReleases(root);
const OLD = join(root, 'old');
const FIRST = join(root, 'backups', 'first');
const SECOND = join(root, 'backups', 'second');
const running = new Set<StellaNode>();

afterAll(async () => {
  for (const node of running) await node.stop();
  rmSync(root, { recursive: true, force: true });
}, 60_000);

const stella = (home: string, ...argv: readonly string[]): Promise<Ran> => onInstallation(root, { STELLA_HOME: home }, ...argv);

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

const gate = (home: string, release: SmallRelease) => releases.gate(new CommandLine(home), release);

/** Offline, with what the node hands out. */
async function verify(home: string, candidate: SmallRelease): Promise<Ran> {
  const line = new CommandLine(home);
  expect(await line.run('trust', 'export', '--out', 'trust')).toMatchObject({ exitCode: 0 });
  const { answer } = await line.run('policy', 'list');
  const policy = answer.policies.find(({ name }: { name: string }) => name === 'policies/standard').sha256;
  return line.run('verify', `${candidate}.bundle.json`, '--trust', 'trust/trust-root.json', '--revocations', 'trust/revocations.json', '--subject', releases.sha256(candidate), '--policy', policy);
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

/** As a service that has new evidence. */
async function refusalOfLog({ connection, installation: { serviceAccounts, keys } }: StellaNode): Promise<Pick<StellaError, 'reason' | 'facts'>> {
  const account = serviceAccounts.find(({ clientId }) => clientId === 'service-gate');
  const client = clientOf({ ...connection, clientId: account?.clientId ?? '', clientSecret: account?.clientSecret ?? '' });
  const subjects = ['baseline', 'candidate'].map((name) => ({ name, sha256: sha256Hex(Buffer.from(name)) }));
  const envelope = await signStatement({ subjects, predicateType: PREDICATE_TYPES.deltaProof, predicate: {} }, keys.psdi);
  try {
    await client.fbpe.appendEntry({ requestId: randomUUID(), envelope: Buffer.from(envelope) });
    throw new Error('it was logged');
  } catch (error) {
    if (isStellaError(error)) return error;
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
  expect(refused).toMatchObject({ exitCode: 3, isCached: false, unmet: ['evidence-logged'] });
  const { reason, facts } = await refusalOfLog(node);
  expect({ reason, origin: facts['origin'] }).toEqual({ reason: 'LOG_ROLLED_BACK', origin: 'kept.test/stella/log' });
  expect(Number(facts['storedSize'])).toBeLessThan(Number(facts['signedSize']));
  expect(await (await fetch(`${node.connection.httpAddress}/metrics`)).text()).toMatch(/^fbpe_signing_stopped(?:\{[^}]*\})? 1$/m);
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
}, 120_000);

test('an installation is not written over, a backup neither, and a folder without one is told so', async () => {
  expect(await stella(OLD, 'restore', FIRST, '--check')).toMatchObject({ exitCode: 0, answer: { files: expect.any(Number) } });
  expect(await stella(OLD, 'restore', FIRST)).toMatchObject({ exitCode: 1, error: { reason: 'INSTALLATION_NOT_EMPTY' } });
  expect(await stella(OLD, 'backup', FIRST)).toMatchObject({ exitCode: 1, error: { reason: 'BACKUP_EXISTS' } });
  expect(await stella(join(root, 'nothing'), 'backup', join(root, 'backups', 'of-nothing'))).toMatchObject({ exitCode: 2, error: { reason: 'CONFIG_INVALID' } });
  // That folder holds a backup that was begun.
  expect(await stella(join(root, 'nothing'), 'restore', join(root, 'backups', 'of-nothing'))).toMatchObject({ exitCode: 1, error: { reason: 'BACKUP_INCOMPLETE' } });
  expect(await stella(OLD, 'backup', join(root, 'backups', 'x'), '--keys', 'y')).toMatchObject({ exitCode: 2, error: { reason: 'USAGE_INVALID' } });
}, 60_000);
