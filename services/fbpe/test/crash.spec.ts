import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestDatabase } from '@stella/platform-database/testing';
import { auditLog, followCheckpoint, noteKey, requireGoodLog, verifyCheckpoint } from '@stella/transparency-log';
import { originSlug } from '../src/domain/origin.js';
import { Databases, makeNode, type TestNode } from './support/federation.js';

let databases: Databases;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fbpe-'));
  databases = await Databases.start();
}, 60_000);

afterAll(async () => {
  await databases?.stop();
  await rm(folder, { recursive: true, force: true });
});

const reasonOf = (work: Promise<unknown>) => work.then(() => 'none', (error: { reason?: string; message: string }) => error.reason ?? error.message);
const logOf = (node: TestNode) => ({ origin: node.options.origin, keys: [noteKey(node.options.origin, 'ed25519', node.keys.log.publicKey)] });
const resource = async (http: string, node: TestNode, path: string) => {
  const response = await fetch(`${http}/log/${originSlug(node.options.origin)}/${path}`);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
};

/** Runs the node in a process of its own until it has acknowledged so many entries, and kills it. */
async function appendAndKill(node: TestNode, round: number, acknowledged: number): Promise<{ entries: Map<string, bigint>; checkpoints: Uint8Array[] }> {
  const { keys, options, database } = node;
  const pems = { log: keys.log.toPem(), cosigner: keys.cosigner.toPem(), evidence: keys.evidence.toPem() };
  const argument = JSON.stringify({ administrator: database.administrator, pems, organisation: options.organisation, signedHead: options.signedHead, round });
  const loader = join(import.meta.dirname, '../../../libs/platform/database/test/source-loader.mjs');
  const words = ['--conditions=@stella/source', '--import', loader, join(import.meta.dirname, 'support/appending-process.ts'), argument];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const entries = new Map<string, bigint>();
  const checkpoints: Uint8Array[] = [];
  let http = '';
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, first = '', second = '0'] = line.split(' ');
    if (what === 'http') http = first;
    else entries.set(first, BigInt(second));
    if (entries.size % 5 === 0) {
      const checkpoint = await resource(http, node, 'checkpoint').catch(() => undefined);
      if (checkpoint) checkpoints.push(checkpoint);
    }
    if (entries.size >= acknowledged) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return { entries, checkpoints };
}

test('a node that is killed at any moment neither forks its log nor loses what it acknowledged', async () => {
  const node = makeNode(await databases.create('killed'), 'killed.example', folder, { development: true });
  const acknowledged = new Map<string, bigint>();
  const shown: Uint8Array[] = [];
  for (const [round, count] of [13, 1, 41].entries()) {
    const { entries, checkpoints } = await appendAndKill(node, round, count);
    for (const [payload, index] of entries) acknowledged.set(payload, index);
    shown.push(...checkpoints);
  }
  await node.start();
  try {
    await node.append(await node.evidence('after the kills'));
    const http = node.runtime.runtime.httpAddress;
    const reader = { read: (path: string) => resource(http, node, path) };
    const offered = (await resource(http, node, 'checkpoint')) as Uint8Array;
    expect(shown.length).toBeGreaterThan(3);
    for (const seen of shown) expect(requireGoodLog(await followCheckpoint({ log: logOf(node), seen, offered, reader })).checkpoint.size).toBeGreaterThan(acknowledged.size);
    await auditLog(reader, verifyCheckpoint(offered, logOf(node)).checkpoint);
    for (const [payloadSha256, index] of acknowledged) {
      const { entry } = await node.federation.getEntry({ key: { $case: 'payloadSha256', value: payloadSha256 } });
      expect(entry?.index).toBe(index);
    }
    const [{ differing }] = (await node.query('SELECT count(*)::int AS differing FROM (SELECT payload_digest FROM fbpe.entries GROUP BY 1 HAVING count(*) > 1) AS d')) as [{ differing: number }];
    expect(differing).toBe(0);
  } finally {
    await node.runtime.stop();
  }
}, 120_000);

describe('a log whose store is not what was signed', () => {
  async function started(database: TestDatabase, like: TestNode): Promise<TestNode> {
    const node = makeNode(database, like.options.organisation, folder, { logSigner: like.keys.log, cosigner: like.keys.cosigner, signedHead: like.options.signedHead });
    return node.start();
  }

  test('is noticed when the database was restored, and signs nothing more', async () => {
    const original = makeNode(await databases.create('restored'), 'restored.example', folder);
    await original.start();
    await original.append(await original.evidence('one'));
    await original.runtime.stop();
    await databases.copy('restored', 'restored_backup');
    await original.start();
    await original.append(await original.evidence('two'));
    const shown = (await original.node()).checkpoint;
    await original.runtime.stop();

    await databases.swap('restored', 'restored_backup');
    const restored = await started(original.database, original);
    try {
      const before = await restored.node();
      expect(await reasonOf(restored.append(await restored.evidence('another two')))).toBe('LOG_ROLLED_BACK');
      expect((await restored.node()).checkpoint.equals(before.checkpoint)).toBe(true);
      expect((await fetch(`${restored.runtime.runtime.httpAddress}/metrics`).then((response) => response.text())).includes('fbpe_signing_stopped 1')).toBe(true);
    } finally {
      await restored.runtime.stop();
    }
    await databases.swap('restored', 'restored_backup');
    const whole = await started(original.database, original);
    await whole.append(await whole.evidence('three'));
    const reader = { read: (path: string) => resource(whole.runtime.runtime.httpAddress, original, path) };
    expect(requireGoodLog(await followCheckpoint({ log: logOf(original), seen: shown, offered: (await whole.node()).checkpoint, reader })).checkpoint.size).toBe(3);
    await whole.runtime.stop();
  }, 60_000);

  test('is noticed when it was restored while the node runs', async () => {
    const node = await makeNode(await databases.create('running'), 'running.example', folder).start();
    await node.append(await node.evidence('one'));
    const [head] = await node.query('SELECT * FROM fbpe.log_heads');
    await node.append(await node.evidence('two'));
    await node.query('UPDATE fbpe.log_heads SET checkpoint = $1, size = $2, root_hash = $3', [head?.['checkpoint'], head?.['size'], head?.['root_hash']]);
    expect(await reasonOf(node.append(await node.evidence('another two')))).toBe('LOG_ROLLED_BACK');
    await node.runtime.stop();
  }, 60_000);

  test.each([
    ['a changed tile', `UPDATE fbpe.log_tiles SET bytes = set_byte(bytes, 3, get_byte(bytes, 3) # 1) WHERE path LIKE 'tile/0/%'`, 'TLOG_STATE_MISMATCH'],
    ['a changed entry', `UPDATE fbpe.log_tiles SET bytes = set_byte(bytes, 20, get_byte(bytes, 20) # 1) WHERE path LIKE 'tile/entries/%'`, 'TLOG_STATE_MISMATCH'],
    ['a missing tile', `DELETE FROM fbpe.log_tiles WHERE path LIKE 'tile/0/%'`, 'TLOG_TILE_MISSING'],
    ['a lost head', 'DELETE FROM fbpe.log_heads', 'LOG_ROLLED_BACK'],
  ])('is noticed at the start: %s', async (what, damage, reason) => {
    const name = what.replaceAll(' ', '_');
    const original = await makeNode(await databases.create(name), `${what.replaceAll(' ', '-')}.example`, folder).start();
    await original.append(await original.evidence('one'));
    await original.append(await original.evidence('two'));
    await original.runtime.stop();
    await original.query(damage);
    const damaged = await started(original.database, original);
    expect(await reasonOf(damaged.append(await damaged.evidence('three')))).toBe(reason);
    await damaged.runtime.stop();
  }, 60_000);

  test('is not trusted when the record of what was signed cannot be read', async () => {
    const original = await makeNode(await databases.create('unreadable'), 'unreadable.example', folder).start();
    await original.append(await original.evidence('one'));
    await original.runtime.stop();
    await writeFile(original.options.signedHead as string, 'x');
    const node = await started(original.database, original);
    expect(await reasonOf(node.append(await node.evidence('two')))).toBe('LOG_ROLLED_BACK');
    await node.runtime.stop();
  }, 60_000);
});
