import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyPair, PREDICATE_TYPES, sha256Hex, signStatement, type StatementInput } from '@stella/attestation';
import { type Entry, type Peering, PeeringState } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { encodeAddCheckpoint, encodeNote, noteKey, parseNote, parseSignatureLines, signCheckpoint, signNote, TileTree, verifyMisbehaviour, verifyNote, withSignatures } from '@stella/transparency-log';
import { crossVerificationStatement } from '../src/domain/cross-verification.js';
import { originSlug } from '../src/domain/origin.js';
import { signPeerToken } from '../src/domain/peer-token.js';
import { Databases, makeNode, type TestNode } from './support/federation.js';
import { MemoryLog } from './support/memory-log.js';

let databases: Databases;
let folder: string;
let node: TestNode;
const logs: MemoryLog[] = [];
let peerNumber = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fbpe-'));
  databases = await Databases.start();
  node = await makeNode(await databases.create('honest'), 'honest.example', folder).start();
}, 60_000);

afterAll(async () => {
  for (const log of logs) await log.close();
  await node?.runtime.stop();
  await databases?.stop();
  await rm(folder, { recursive: true, force: true });
});

const reasonOf = (work: Promise<unknown>) => work.then(() => 'none', (error: { reason?: string; message: string }) => error.reason ?? error.message);
const pull = (peering: Peering) => node.federation.pullPeer({ peering: peering.name });
const evidence = (name: string) => node.evidence(name, PREDICATE_TYPES.microWitness);
const many = (name: string, count: number) => Promise.all(Array.from({ length: count }, (_, n) => evidence(`${name} ${n}`)));

/** A peer with a log of so many entries, and the peering with it. */
async function peer(count: number, change: Partial<ReturnType<MemoryLog['terms']>> = {}): Promise<{ log: MemoryLog; peering: Peering }> {
  const log = new MemoryLog(`peer-${++peerNumber}.example`);
  logs.push(log);
  await log.append(await many(log.origin, count));
  const { peering } = await node.federation.createPeering({ requestId: randomUUID(), ...log.terms(await log.listen()), ...change });
  return { log, peering: peering as Peering };
}

async function stateOf({ name }: Peering): Promise<Peering> {
  const { peerings } = await node.federation.listPeerings({ pageSize: 1_000, pageToken: '' });
  return peerings.find((one) => one.name === name) as Peering;
}

async function evidenceAgainst({ name }: Peering) {
  const [row] = await node.query('SELECT * FROM fbpe.misbehaviours WHERE peering_id = $1', [name.slice('peerings/'.length)]);
  return row as { reason: string; provable: boolean; first_checkpoint: Buffer; second_checkpoint: Buffer; fork_root_hash: Buffer | null; fork_proof: Buffer[] | null };
}

async function expectFrozen(peering: Peering, reason: string): Promise<void> {
  expect(await stateOf(peering)).toMatchObject({ state: PeeringState.PEERING_STATE_FROZEN, frozenReason: reason });
  expect(await reasonOf(pull(peering))).toBe('PEERING_FROZEN');
}

test('a log that shows two trees of one size is frozen, with evidence that anyone can check', async () => {
  const { log, peering } = await peer(5);
  const base = new Map(log.files);
  await log.append(await many('one', 1));
  expect(await pull(peering)).toMatchObject({ verifiedSize: 6n, cosigned: true });
  log.files = base;
  await log.append(await many('other', 1));
  expect(await reasonOf(pull(peering))).toBe('LOG_EQUIVOCATES');
  const { first_checkpoint: first, second_checkpoint: second, provable } = await evidenceAgainst(peering);
  expect(provable).toBe(true);
  expect(verifyMisbehaviour({ first, second }, { origin: log.origin, keys: [log.noteSigner.key] })).toBe(true);
  await expectFrozen(peering, 'LOG_EQUIVOCATES');
});

test('a log that forked and grew is frozen, with the proof of the fork', async () => {
  const { log, peering } = await peer(300);
  const base = new Map(log.files);
  await log.append(await many('one', 1));
  await pull(peering);
  log.files = base;
  await log.append(await many('other', 40));
  expect(await reasonOf(pull(peering))).toBe('LOG_EQUIVOCATES');
  const row = await evidenceAgainst(peering);
  const fork = { rootHash: row.fork_root_hash as Buffer, proof: row.fork_proof as Buffer[] };
  expect(verifyMisbehaviour({ first: row.first_checkpoint, second: row.second_checkpoint, fork }, { origin: log.origin, keys: [log.noteSigner.key] })).toBe(true);
  expect((await stateOf(peering)).verifiedSize).toBe(301n);
  await expectFrozen(peering, 'LOG_EQUIVOCATES');
});

test('a log that was rolled back is frozen, with both checkpoints', async () => {
  const { log, peering } = await peer(5);
  const base = new Map(log.files);
  await log.append(await many('gone', 3));
  await pull(peering);
  log.files = base;
  expect(await reasonOf(pull(peering))).toBe('PEERING_FROZEN');
  const row = await evidenceAgainst(peering);
  expect([row.reason, row.provable]).toEqual(['TLOG_ROLLED_BACK', false]);
  expect([row.first_checkpoint, row.second_checkpoint].map((note) => parseNote(note).text.split('\n')[1])).toEqual(['8', '5']);
  await expectFrozen(peering, 'TLOG_ROLLED_BACK');
});

test.each(['tile/0/000.p/20', 'tile/entries/000.p/20'])('a changed byte in %s freezes, and nothing of it is stored', async (path) => {
  const { log, peering } = await peer(20);
  const tile = Buffer.from(log.files.get(path) as Uint8Array);
  tile.writeUInt8(tile.readUInt8(tile.length - 1) ^ 1, tile.length - 1);
  log.files.set(path, tile);
  expect(await reasonOf(pull(peering))).toBe('PEERING_FROZEN');
  expect(await node.query('SELECT 1 FROM fbpe.foreign_entries WHERE peering_id = $1', [peering.name.slice(9)])).toEqual([]);
  expect((await evidenceAgainst(peering)).provable).toBe(false);
  expect(log.cosignatures).toEqual([]);
  await expectFrozen(peering, 'TLOG_PROOF_INVALID');
});

test('a transfer that was damaged once is asked for again', async () => {
  const { log, peering } = await peer(20);
  const path = 'tile/entries/000.p/20';
  const whole = log.files.get(path) as Uint8Array;
  let reads = 0;
  const get = log.files.get.bind(log.files);
  log.files.get = (key) => (key === path && ++reads === 1 ? whole.subarray(1) : get(key));
  expect(await pull(peering)).toMatchObject({ verifiedSize: 20n, cosigned: true });
});

test('what is not a checkpoint of this log is refused, and no evidence against it (attack case 25)', async () => {
  const { log, peering } = await peer(3);
  const good = log.files.get('checkpoint') as Uint8Array;
  const stranger = KeyPair.generate('ed25519');
  const { text } = parseNote(good);
  const [origin = '', size = '', root = ''] = text.split('\n');
  const signedBy = async (content: string, pair: KeyPair, name = log.origin) => encodeNote({ text: content, signatures: [await signNote(content, { key: noteKey(name, 'ed25519', pair.publicKey), signer: pair })] });
  const bad = [
    await signedBy(text, stranger),
    await signedBy(text, stranger, 'other.example/log'),
    await signedBy(`other.example/log\n${size}\n${root}\n`, log.key),
    await signedBy(`${origin}\n${root}\n`, log.key),
    await signedBy(`${size}\n${root}\n`, log.key),
    // The hint of the right key on a stranger's signature.
    encodeNote({ text, signatures: parseNote(await signedBy(text, stranger)).signatures.map((one) => ({ ...one, keyId: log.noteSigner.key.keyId })) }),
    Buffer.from('hello\n'),
    Buffer.from(text),
  ];
  for (const checkpoint of bad) {
    log.files.set('checkpoint', checkpoint);
    expect(await reasonOf(pull(peering))).toBe('CHECKPOINT_INVALID');
  }
  log.files.set('checkpoint', good);
  expect(await pull(peering)).toMatchObject({ verifiedSize: 3n, cosigned: true });
});

test('a missing tile or a silent peer is no evidence', async () => {
  const { log, peering } = await peer(3);
  const tile = log.files.get('tile/0/000.p/3') as Uint8Array;
  log.files.delete('tile/0/000.p/3');
  expect(await reasonOf(pull(peering))).toBe('PEER_UNREACHABLE');
  log.files.set('tile/0/000.p/3', tile);
  expect(await pull(peering)).toMatchObject({ verifiedSize: 3n });
  await log.close();
  expect(await reasonOf(pull(peering))).toBe('PEER_UNREACHABLE');
  expect((await stateOf(peering)).state).toBe(PeeringState.PEERING_STATE_ACTIVE);
});

test('a payload that is not the one of its entry is not kept; entries of other kinds mean nothing', async () => {
  const { log, peering } = await peer(2);
  const [first, second] = [...log.payloads.keys()] as [string, string];
  log.payloads.set(first, log.payloads.get(second) as Uint8Array);
  log.payloads.set(second, Buffer.from('{}'));
  await log.appendRecords([Buffer.from('a record of another kind'), Buffer.alloc(0)]);
  expect(await pull(peering)).toMatchObject({ verifiedSize: 4n, entriesNew: 4, cosigned: true });
  const rows = await node.query('SELECT payload_state, envelope_sha256 FROM fbpe.foreign_entries WHERE peering_id = $1 ORDER BY entry_index', [peering.name.slice(9)]);
  expect(rows).toEqual([
    { payload_state: 'invalid', envelope_sha256: null },
    { payload_state: 'invalid', envelope_sha256: null },
    { payload_state: 'none', envelope_sha256: null },
    { payload_state: 'none', envelope_sha256: null },
  ]);
});

describe('what a peer says about our entries', () => {
  const statement = (entry: Entry, change: Partial<Parameters<typeof crossVerificationStatement>[0]> = {}): StatementInput =>
    crossVerificationStatement({ payloadDigest: entry.payloadSha256, result: 'agrees', method: 'lift', relation: 'partner', ...change }, entry.subjectSha256);
  const about = async (name: string) => node.append(await node.evidence(name));
  const seen = async (entry: Entry) => (await node.federation.getEntry({ key: { $case: 'payloadSha256', value: entry.payloadSha256 } })).entry as Entry;

  test('counts once it is signed by a key of the peering, and only then', async () => {
    const { log, peering } = await peer(0);
    const entry = await about('said');
    // By a stranger, by ourselves, and about another subject.
    await log.append([await signStatement(statement(entry), KeyPair.generate('ed25519')), await signStatement(statement(entry, { result: 'agrees', reason: 'OWN' }), node.keys.evidence), await signStatement({ ...statement(entry), subjects: [{ name: 'other', sha256: sha256Hex(Buffer.from('other')) }] }, log.evidence)]);
    await pull(peering);
    expect(await seen(entry)).toMatchObject({ crossVerifications: [], agreeingPartners: 0 });
    await log.append([await signStatement(statement(entry), log.evidence)]);
    await pull(peering);
    expect(await seen(entry)).toMatchObject({ crossVerifications: [{ organisation: log.organisation, sameOperator: false }], agreeingPartners: 1 });
    // The last word counts.
    await log.append([await signStatement(statement(entry, { result: 'disagrees', reason: 'PROOF_ROOT_MISMATCH' }), log.evidence)]);
    await pull(peering);
    expect(await seen(entry)).toMatchObject({ crossVerifications: [{ reason: 'PROOF_ROOT_MISMATCH' }], agreeingPartners: 0 });
  });

  test.each([
    ['labelled so', { sameOperator: true }],
    ['of our organisation', { organisation: 'honest.example' }],
    ['with development keys', { development: true }],
  ])('never counts from a node of the same operator: %s', async (how, change) => {
    const { log, peering } = await peer(0, change);
    expect(peering.sameOperator).toBe(true);
    const entry = await about(how);
    await log.append([await signStatement(statement(entry), log.evidence)]);
    await pull(peering);
    expect(await seen(entry)).toMatchObject({ crossVerifications: [{ sameOperator: true }], agreeingPartners: 0 });
  });

  test('counts once where two peers have one key (attack case 27)', async () => {
    const shared = KeyPair.generate('ed25519');
    const entry = await about('shared key');
    for (let n = 0; n < 2; n++) {
      const { log, peering } = await peer(0, { evidenceKeys: [Buffer.from(shared.publicKey.spki)] });
      await log.append([await signStatement(statement(entry), shared)]);
      await pull(peering);
    }
    expect((await seen(entry)).agreeingPartners).toBe(1);
  });
});

describe('the witness', () => {
  const addCheckpoint = async (body: Uint8Array) => {
    const response = await fetch(`${node.runtime.runtime.httpAddress}/log/add-checkpoint`, { method: 'POST', body: Buffer.from(body) });
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() };
  };
  const request = (log: MemoryLog, oldSize: number, proof: readonly Uint8Array[]) => encodeAddCheckpoint({ oldSize, proof, checkpoint: log.files.get('checkpoint') as Uint8Array });
  const consistency = async (log: MemoryLog, from: number, to: number) => new TileTree({ read: async (path) => log.files.get(path) }, to).consistencyProof(from);

  test('cosigns what is consistent with the last one, and says its size otherwise', async () => {
    const { log } = await peer(3);
    const first = await addCheckpoint(request(log, 0, []));
    expect(first.status).toBe(200);
    const note = parseNote(log.files.get('checkpoint') as Uint8Array);
    const key = noteKey('honest.example/stella/cosigner', 'cosignature', node.keys.cosigner.publicKey);
    expect(verifyNote(withSignatures({ ...note, signatures: [] }, parseSignatureLines(first.body)), [key])).toHaveLength(1);
    await log.append(await many('more', 4));
    expect(await addCheckpoint(request(log, 0, []))).toMatchObject({ status: 409, body: '3\n', type: expect.stringContaining('text/x.tlog.size') as string });
    expect((await addCheckpoint(request(log, 3, []))).status).toBe(422);
    expect((await addCheckpoint(request(log, 3, await consistency(log, 3, 7)))).status).toBe(200);
    expect((await addCheckpoint(Buffer.from('old 0\n'))).status).toBe(400);
    expect((await addCheckpoint(request(new MemoryLogWith('nobody.example', await signEmpty('nobody.example/log')), 0, []))).status).toBe(404);
  });

  test('keeps two trees of one size as evidence', async () => {
    const { log, peering } = await peer(3);
    const base = new Map(log.files);
    await log.append(await many('one', 1));
    expect((await addCheckpoint(request(log, 0, []))).status).toBe(200);
    log.files = base;
    await log.append(await many('other', 1));
    expect((await addCheckpoint(request(log, 4, []))).status).toBe(422);
    await expectFrozen(peering, 'LOG_EQUIVOCATES');
    expect((await addCheckpoint(request(log, 4, []))).status).toBe(404);
  });

  class MemoryLogWith extends MemoryLog {
    constructor(organisation: string, checkpoint: Uint8Array) {
      super(organisation);
      this.files.set('checkpoint', checkpoint);
    }
  }

  async function signEmpty(origin: string): Promise<Uint8Array> {
    const signer = KeyPair.generate('ed25519');
    return signCheckpoint({ origin, size: 0, rootHash: Buffer.from(sha256Hex(Buffer.alloc(0)), 'hex'), extensions: [] }, { key: noteKey(origin, 'ed25519', signer.publicKey), signer });
  }
});

test('cosignatures are taken from peers, for checkpoints of ours', async () => {
  const { log } = await peer(1);
  const cosigner = { key: noteKey(`${log.organisation}/cosigner`, 'cosignature', log.cosigner.publicKey), signer: log.cosigner };
  await node.append(await evidence('to be cosigned'));
  const { checkpoint, origin } = await node.node();
  const note = parseNote(checkpoint);
  const submit = (cosigned: Uint8Array, of = origin) => node.federation.submitCosignature({ origin: of, note: Buffer.from(cosigned) });
  const cosigned = encodeNote(withSignatures(note, [await signNote(note.text, cosigner, 1_700_000_000)]));
  expect(await submit(cosigned)).toEqual({ cosignatures: 1 });
  expect(await submit(cosigned)).toEqual({ cosignatures: 1 });
  const stranger = KeyPair.generate('ed25519');
  const byStranger = { key: noteKey(`${log.organisation}/cosigner`, 'cosignature', stranger.publicKey), signer: stranger };
  expect(await reasonOf(submit(encodeNote(withSignatures(note, [await signNote(note.text, byStranger, 1)]))))).toBe('COSIGNATURE_INVALID');
  expect(await reasonOf(submit(checkpoint))).toBe('COSIGNATURE_INVALID');
  expect(await reasonOf(submit(cosigned, 'other/log'))).toBe('CHECKPOINT_UNKNOWN');
  const other = note.text.replace(/\n[0-9]+\n/, '\n999999\n');
  expect(await reasonOf(submit(encodeNote({ text: other, signatures: [await signNote(other, cosigner, 1)] })))).toBe('CHECKPOINT_UNKNOWN');
  expect(await reasonOf(submit(Buffer.from('x')))).toBe('CHECKPOINT_INVALID');
});

test('a frozen peer gets no payloads, and one peer is no other', async () => {
  const { log, peering } = await peer(2);
  const entry = await node.append(await evidence('for peers'));
  const status = async () => {
    const token = await signPeerToken({ issuer: log.origin, audience: node.options.origin, payloadDigest: entry.payloadSha256 }, log.cosigner, Math.floor(Date.now() / 1000), 60);
    return (await fetch(`${node.runtime.runtime.httpAddress}/log/${originSlug(node.options.origin)}/payload/${entry.payloadSha256}`, { headers: { authorization: `Bearer ${token}` } })).status;
  };
  expect(await status()).toBe(200);
  await pull(peering);
  log.files = new Map();
  await log.append(await many('another', 2));
  await reasonOf(pull(peering));
  await expectFrozen(peering, 'LOG_EQUIVOCATES');
  expect(await status()).toBe(401);
});

test('a peering is made once a request and once a log', async () => {
  const log = new MemoryLog('once.example');
  const request = { requestId: randomUUID(), ...log.terms('http://127.0.0.1:1') };
  const { peering } = await node.federation.createPeering(request);
  expect((await node.federation.createPeering(request)).peering).toEqual(peering);
  expect(await reasonOf(node.federation.createPeering({ ...request, sameOperator: true }))).toBe('REQUEST_ID_REUSED');
  expect(await reasonOf(node.federation.createPeering({ ...request, requestId: randomUUID() }))).toBe('PEERING_EXISTS');
  expect(await reasonOf(node.client({ tenant: 'other.example' }).pullPeer({ peering: peering?.name ?? '' }))).toBe('PEERING_NOT_FOUND');
  expect(await reasonOf(node.client({ roles: ['contributor'] }).createPeering({ ...request, requestId: randomUUID() }))).toBe('PERMISSION_DENIED');
});
