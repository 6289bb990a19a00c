import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBlobStore } from '@stella/platform-blobs';
import { auditLog, noteKey, verifyCheckpoint } from '@stella/transparency-log';
import { type Register, RegisterSignedHead } from '../src/adapters/register-signed-head.js';
import { decodeHead, encodeHead } from '../src/adapters/signed-head-json.js';
import { originSlug } from '../src/domain/origin.js';
import { Databases, makeNode, TestNode } from './support/federation.js';

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

/** A register in memory, with the meaning of S3's conditional writes. */
class MemoryRegister implements Register {
  #state: { readonly bytes: Buffer; readonly etag: string } | undefined;
  writes = 0;

  read() {
    return Promise.resolve(this.#state);
  }

  replace(bytes: Buffer, seen: { readonly etag: string } | undefined): Promise<boolean> {
    if (seen?.etag !== this.#state?.etag) return Promise.resolve(false);
    this.writes += 1;
    this.#state = { bytes, etag: String(this.writes) };
    return Promise.resolve(true);
  }
}

interface Replicas {
  readonly nodes: readonly [TestNode, TestNode];
  readonly register: MemoryRegister;
  stop(): Promise<void>;
}

/** Two processes of one node: the same keys, database, blobs and record of what was signed. */
async function replicas(name: string): Promise<Replicas> {
  const register = new MemoryRegister();
  const blobs = new MemoryBlobStore();
  const first = makeNode(await databases.create(name), `${name}.example`, folder, { signedHead: new RegisterSignedHead(register, 'test') });
  const second = new TestNode(first.database, first.options, first.keys);
  for (const node of [first, second]) await node.start({ blobs });
  return {
    nodes: [first, second],
    register,
    async stop() {
      for (const node of [first, second]) await node.runtime.stop();
    },
  };
}

const reasonOf = (work: Promise<unknown>) => work.then(() => 'none', (error: { reason?: string; message: string }) => error.reason ?? error.message);

async function resourceOf(node: TestNode, path: string): Promise<Uint8Array> {
  const response = await fetch(`${node.runtime.runtime.httpAddress}/log/${originSlug(node.options.origin)}/${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

test('two processes write one log without a fork, and each serves what the other has written', async () => {
  const { nodes, register, stop } = await replicas('written');
  const entries = await Promise.all(
    Array.from({ length: 60 }, async (_, at) => {
      const node = nodes[at % 2] as TestNode;
      // Some evidence comes to both at once, and is one entry.
      return node.append(await node.evidence(`of ${Math.floor(at / 3)}`));
    }),
  );
  const indexes = new Set(entries.map(({ index }) => Number(index)));
  expect([...indexes].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  for (const node of nodes) {
    const { origin } = node.options;
    const { checkpoint } = verifyCheckpoint(await resourceOf(node, 'checkpoint'), { origin, keys: [noteKey(origin, 'ed25519', node.keys.log.publicKey)] });
    expect(checkpoint.size).toBe(20);
    await auditLog({ read: (path) => resourceOf(node, path) }, checkpoint);
  }
  expect(decodeHead((await register.read())?.bytes ?? Buffer.alloc(0), 'test').size).toBe(20);
  await stop();
}, 60_000);

test('a database that was restored while both run is noticed by the one that signed nothing since, too', async () => {
  const { nodes: [first, second], stop } = await replicas('rolled_back');
  await second.append(await second.evidence('one'));
  const [head] = await first.query('SELECT * FROM fbpe.log_heads');
  await first.append(await first.evidence('two'));
  await first.query('UPDATE fbpe.log_heads SET checkpoint = $1, size = $2, root_hash = $3', [head?.['checkpoint'], head?.['size'], head?.['root_hash']]);
  expect(await reasonOf(second.append(await second.evidence('another two')))).toBe('LOG_ROLLED_BACK');
  await stop();
}, 60_000);

test('a peer is followed by one process at a time, so that nothing is lifted twice', async () => {
  const peer = await makeNode(await databases.create('followed'), 'followed.example', folder).start();
  const { nodes: [first, second], stop } = await replicas('following');
  for (let at = 0; at < 4; at++) await peer.append(await peer.evidence(`proof ${at}`));
  let lifts = 0;
  for (const node of [first, second]) {
    node.verifyDelta = async () => {
      lifts += 1;
      return { valid: true };
    };
  }
  await peer.peerWith(first);
  const peering = await first.peerWith(peer);
  const reports = await Promise.all([first, second, first, second].map((node) => node.federation.pullPeer({ peering }, { deadlineMs: 30_000 })));
  expect(lifts).toBe(4);
  expect(reports.map(({ verifiedSize }) => Number(verifiedSize))).toEqual(reports.map(() => 4));
  expect(Math.max(...reports.map(({ agrees }) => Number(agrees)))).toBe(4);
  await stop();
  await peer.runtime.stop();
}, 60_000);

describe('the record of what was signed', () => {
  const hash = (byte: number): Buffer => Buffer.alloc(32, byte);

  test('never goes back, whoever notes what in which order', async () => {
    const register = new MemoryRegister();
    const heads = Array.from({ length: 5 }, () => new RegisterSignedHead(register, 'test'));
    await Promise.all(heads.map((head, at) => head.record({ size: at + 1, rootHash: hash(at) })));
    expect(await heads[0]?.read()).toEqual({ size: 5, rootHash: hash(4) });
    await heads[0]?.record({ size: 2, rootHash: hash(1) });
    expect(await heads[1]?.read()).toEqual({ size: 5, rootHash: hash(4) });
  });

  test('refuses a second tree of the same size, and what cannot be read', async () => {
    const register = new MemoryRegister();
    const head = new RegisterSignedHead(register, 'test');
    await head.record({ size: 1, rootHash: hash(1) });
    await expect(head.record({ size: 1, rootHash: hash(2) })).rejects.toMatchObject({ reason: 'LOG_ROLLED_BACK' });
    await register.replace(Buffer.from('x'), await register.read());
    await expect(head.read()).rejects.toMatchObject({ reason: 'LOG_ROLLED_BACK', facts: { place: 'test' } });
  });

  test('that others keep changing is unavailable at last', async () => {
    const head = new RegisterSignedHead({ read: () => Promise.resolve({ bytes: encodeHead({ size: 1, rootHash: hash(1) }), etag: 'x' }), replace: () => Promise.resolve(false) }, 'test');
    await expect(head.record({ size: 2, rootHash: hash(2) })).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  });
});
