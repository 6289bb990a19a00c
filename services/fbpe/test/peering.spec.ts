import { jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PREDICATE_TYPES, sha256Hex } from '@stella/attestation';
import { EntryCrossVerified, EntryLogged } from '@stella/contracts/stella/fbpe/v1alpha/events';
import { CrossVerificationResult, type Entry, PeeringState } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { EvidenceWithdrawn, KeyRevoked } from '@stella/contracts/stella/gate/v1alpha/events';
import { DeltaIndexed } from '@stella/contracts/stella/psdi/v1alpha/events';
import { DomainError } from '@stella/errors';
import { followCheckpoint, formatVerifierKey, noteKey, parseDigestRecord, parseVerifierKey, readVerifiedEntries, requireGoodLog, tilePath, verifyCheckpoint, verifyTlogProof } from '@stella/transparency-log';
import { originSlug } from '../src/domain/origin.js';
import { signPeerToken } from '../src/domain/peer-token.js';
import { Databases, makeNode, type TestNode } from './support/federation.js';

jestTimeout();
let databases: Databases;
let folder: string;
let alice: TestNode;
let bob: TestNode;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fbpe-'));
  databases = await Databases.start();
  alice = await makeNode(await databases.create('alice'), 'alice.example', folder).start();
  bob = await makeNode(await databases.create('bob'), 'bob.example', folder).start();
});

afterAll(async () => {
  await alice?.runtime.stop();
  await bob?.runtime.stop();
  await databases?.stop();
  await rm(folder, { recursive: true, force: true });
});

const reasonOf = (work: Promise<unknown>) => work.then(() => 'none', (error: { reason?: string; message: string }) => error.reason ?? error.message);
const logOf = (node: TestNode) => ({ origin: node.options.origin, keys: [noteKey(node.options.origin, 'ed25519', node.keys.log.publicKey)] });
const baseOf = (node: TestNode) => `${node.runtime.runtime.httpAddress}/log/${originSlug(node.options.origin)}`;
const subjectOf = (name: string) => sha256Hex(Buffer.from(`${name} baseline`));

async function read(node: TestNode, path: string): Promise<Uint8Array | undefined> {
  const response = await fetch(`${baseOf(node)}/${path}`);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
}

async function queryOne(node: TestNode, name: string, predicateType: string = PREDICATE_TYPES.deltaProof): Promise<Entry> {
  const { entries } = await node.federation.queryProvenance({ subjectSha256: subjectOf(name), pageSize: 0, pageToken: '' });
  const entry = entries.find((one) => one.predicateType === predicateType);
  if (!entry) throw new Error(`no entry about ${name}`);
  return entry;
}

function jestTimeout(): void {
  jest.setTimeout(60_000);
}

test('an appended entry is proved offline, and the same evidence is the same entry', async () => {
  const envelope = await alice.evidence('first');
  const entry = await alice.append(envelope);
  expect(verifyTlogProof(entry.proof, entry.record, logOf(alice)).index).toBe(Number(entry.index));
  const record = parseDigestRecord(entry.record);
  expect(record).toMatchObject({ issuer: 'alice.example', payloadDigest: entry.payloadSha256, predicateType: PREDICATE_TYPES.deltaProof });
  expect(record.subjects).toEqual([...entry.subjectSha256]);
  // Another entry's proof does not fit (attack case 24).
  const other = await alice.append(await alice.evidence('second'));
  expect(() => verifyTlogProof(entry.proof, other.record, logOf(alice))).toThrow(expect.objectContaining({ reason: 'TLOG_PROOF_INVALID' }) as Error);
  const again = await Promise.all([alice.append(envelope), alice.append(envelope)]);
  expect(again.map(({ index }) => index)).toEqual([entry.index, entry.index]);
  expect((await alice.node()).size).toBe(2n);
});

test('a request id answers the first request and refuses another one', async () => {
  const requestId = '7c9a1f7e-5f0c-4a45-9d2f-0c1d2e3f4a5b';
  const envelope = Buffer.from(await alice.evidence('requested'));
  const first = await alice.federation.appendEntry({ requestId, envelope });
  expect((await alice.federation.appendEntry({ requestId, envelope })).entry?.index).toBe(first.entry?.index);
  expect(await reasonOf(alice.federation.appendEntry({ requestId, envelope: Buffer.from(await alice.evidence('another')) }))).toBe('REQUEST_ID_REUSED');
});

test('what is no evidence is refused', async () => {
  const envelope = JSON.parse(Buffer.from(await alice.evidence('bad')).toString()) as Record<string, unknown>;
  expect(await reasonOf(alice.append(Buffer.from('{}')))).toBe('EVIDENCE_INVALID');
  expect(await reasonOf(alice.append(Buffer.from(JSON.stringify({ ...envelope, payloadType: 'text/plain' }))))).toBe('EVIDENCE_INVALID');
});

test('a tenant sees its own entries only', async () => {
  const entry = await alice.append(await alice.evidence('private'));
  const stranger = alice.client({ tenant: 'mallory.example' });
  expect(await reasonOf(stranger.getEntry({ key: { $case: 'index', value: entry.index } }))).toBe('ENTRY_NOT_FOUND');
  expect(await reasonOf(stranger.getEntry({ key: { $case: 'payloadSha256', value: entry.payloadSha256 } }))).toBe('ENTRY_NOT_FOUND');
  expect(await reasonOf(stranger.getPayload({ payloadSha256: entry.payloadSha256 }))).toBe('ENTRY_NOT_FOUND');
  expect((await stranger.queryProvenance({ subjectSha256: subjectOf('private'), pageSize: 0, pageToken: '' })).entries).toEqual([]);
  expect((await stranger.listPeerings({ pageSize: 0, pageToken: '' })).peerings).toEqual([]);
});

test('a thousand appends share batches, and an independent follower verifies the log over HTTP', async () => {
  const before = (await alice.node()).checkpoint;
  const envelopes = await Promise.all(Array.from({ length: 1_000 }, (_, n) => alice.evidence(`many ${n}`, n < 100 ? PREDICATE_TYPES.deltaProof : PREDICATE_TYPES.microWitness)));
  const startMs = performance.now();
  const entries = await Promise.all(envelopes.map((envelope) => alice.append(envelope)));
  const tookMs = performance.now() - startMs;
  expect(new Set(entries.map(({ index }) => index)).size).toBe(1_000);
  const [{ batches }] = (await alice.query('SELECT count(*)::int AS batches FROM fbpe.log_checkpoints')) as [{ batches: number }];
  console.log(`1,000 appends with proofs over gRPC: ${Math.round(tookMs)} ms, ${batches} checkpoints in all`);
  expect(batches).toBeLessThan(200);

  const offered = (await read(alice, 'checkpoint')) as Uint8Array;
  const reader = { read: (path: string) => read(alice, path) };
  const latest = requireGoodLog(await followCheckpoint({ log: logOf(alice), seen: before, offered, reader }));
  const size = latest.checkpoint.size;
  const records = await readVerifiedEntries(reader, latest, { from: 0, to: size });
  expect(records).toHaveLength(size);
  expect(Buffer.from(records[Number(entries[777]?.index)] as Uint8Array).equals(entries[777]?.record as Buffer)).toBe(true);
});

test('tiles are immutable, the checkpoint is not, and other paths are not there', async () => {
  const full = await fetch(`${baseOf(alice)}/${tilePath({ level: 0, index: 0, width: 256 })}`);
  expect([full.status, full.headers.get('cache-control'), (await full.arrayBuffer()).byteLength]).toEqual([200, 'public, max-age=31536000, immutable', 256 * 32]);
  expect((await fetch(`${baseOf(alice)}/checkpoint`)).headers.get('cache-control')).toBe('no-cache');
  for (const path of ['tile/0/0', 'tile/0/000.p/0', 'tile/9/000', 'tile/0/%30%30%30', 'tile/0//000', 'nothing']) {
    expect([path, (await fetch(`${baseOf(alice)}/${path}`)).status]).toEqual([path, 404]);
  }
  expect((await fetch(`${alice.runtime.runtime.httpAddress}/log/other.example/checkpoint`)).status).toBe(404);
});

test('a peer pulls, verifies, cosigns and lifts again; what it found comes back', async () => {
  const seenByPsdi: string[] = [];
  bob.verifyDelta = async ({ envelope, mode }) => {
    seenByPsdi.push(`${mode} ${sha256Hex(envelope)}`);
    return { valid: true };
  };
  const envelope = await alice.evidence('shared');
  const own = await alice.append(envelope);
  const [aliceAtBob, bobAtAlice] = [await bob.peerWith(alice), await alice.peerWith(bob)];
  let pulled = await bob.federation.pullPeer({ peering: aliceAtBob });
  const { size } = await alice.node();
  expect(pulled).toMatchObject({ verifiedSize: size, entriesNew: Number(size), disagrees: 0, cannot: 0, cosigned: true });
  while (pulled.agrees > 0) pulled = await bob.federation.pullPeer({ peering: aliceAtBob });
  expect(seenByPsdi).toContain(`2 ${sha256Hex(envelope)}`);
  const proofs = await alice.query('SELECT 1 FROM fbpe.entries WHERE predicate_type = $1', [PREDICATE_TYPES.deltaProof]);
  expect(seenByPsdi).toHaveLength(proofs.length);

  // Our checkpoint carries the cosignature, and a proof from now on leads to it.
  const witness = parseVerifierKey((await bob.node()).cosignerKey);
  expect(verifyCheckpoint((await alice.node()).checkpoint, logOf(alice), [witness]).cosignatures).toHaveLength(1);
  const { entry } = await alice.federation.getEntry({ key: { $case: 'payloadSha256', value: own.payloadSha256 } });
  expect(verifyTlogProof(entry?.proof as Buffer, own.record, logOf(alice), [witness]).cosignatures).toHaveLength(1);

  // The foreign entry is proved to whoever asks the peer.
  const foreign = await queryOne(bob, 'shared');
  expect(foreign.origin).toBe(alice.options.origin);
  expect(verifyTlogProof(foreign.proof, foreign.record, logOf(alice), [witness]).cosignatures).toHaveLength(1);
  expect(foreign.crossVerifications).toMatchObject([{ organisation: 'bob.example', result: CrossVerificationResult.CROSS_VERIFICATION_RESULT_AGREES, method: 'deep-re-lift' }]);

  expect(await alice.federation.pullPeer({ peering: bobAtAlice })).toMatchObject({ cosigned: true });
  for (let n = 0; n < 40 && (await queryOne(alice, 'shared')).agreeingPartners === 0; n++) await alice.federation.pullPeer({ peering: bobAtAlice });
  const verified = await queryOne(alice, 'shared');
  expect(verified.agreeingPartners).toBe(1);
  expect(verified.crossVerifications).toMatchObject([{ organisation: 'bob.example', sameOperator: false, result: CrossVerificationResult.CROSS_VERIFICATION_RESULT_AGREES }]);
  const events = await alice.query(`SELECT payload FROM fbpe.outbox WHERE topic = 'stella.fbpe.entry-cross-verified.v1alpha'`);
  const told = events.map(({ payload }) => EntryCrossVerified.decode(payload as Buffer)).filter((event) => event.payloadSha256 === own.payloadSha256);
  expect(told).toMatchObject([{ organisation: 'bob.example', sameOperator: false, result: 'agrees', method: 'deep-re-lift' }]);
  expect((await alice.query(`SELECT payload FROM fbpe.outbox WHERE topic = 'stella.fbpe.entry-logged.v1alpha'`)).map(({ payload }) => EntryLogged.decode(payload as Buffer).index)).toHaveLength(Number(size));

  // Nothing new: nothing is done, and the cosignature is known.
  const settled = await bob.federation.pullPeer({ peering: aliceAtBob });
  expect(settled).toMatchObject({ entriesNew: 0, agrees: 0, cosigned: true });
});

test('what cannot be checked is said so, and checked once it can be', async () => {
  const [{ name: aliceAtBob = '' } = {}] = (await bob.federation.listPeerings({ pageSize: 0, pageToken: '' })).peerings;
  await alice.append(await alice.evidence('lacking'));
  bob.verifyDelta = () => Promise.reject(new DomainError('BLOB_NOT_FOUND', { sha256: 'x' }));
  expect(await bob.federation.pullPeer({ peering: aliceAtBob })).toMatchObject({ agrees: 0, cannot: 1, cosigned: true });
  expect((await queryOne(bob, 'lacking')).crossVerifications).toMatchObject([{ result: CrossVerificationResult.CROSS_VERIFICATION_RESULT_CANNOT, reason: 'BLOB_NOT_FOUND' }]);
  bob.verifyDelta = async () => ({ valid: true });
  await bob.query(`UPDATE fbpe.foreign_entries SET next_check_time = '-infinity' WHERE check_state = 'due'`);
  expect(await bob.federation.pullPeer({ peering: aliceAtBob })).toMatchObject({ entriesNew: 0, agrees: 1, cannot: 0 });
  expect((await queryOne(bob, 'lacking')).crossVerifications).toMatchObject([{ result: CrossVerificationResult.CROSS_VERIFICATION_RESULT_AGREES, reason: '' }]);
});

test('a proof that does not come out the same is denied; one of an unknown signer is not checkable; silence of ours is not said at once', async () => {
  const [{ name: aliceAtBob = '' } = {}] = (await bob.federation.listPeerings({ pageSize: 0, pageToken: '' })).peerings;
  const [{ name: bobAtAlice = '' } = {}] = (await alice.federation.listPeerings({ pageSize: 0, pageToken: '' })).peerings;
  await alice.append(await alice.evidence('forged'));
  bob.verifyDelta = async () => ({ valid: false, refusal: 'PROOF_ROOT_MISMATCH' });
  expect(await bob.federation.pullPeer({ peering: aliceAtBob })).toMatchObject({ disagrees: 1 });
  await alice.append(await alice.evidence('unknown signer'));
  bob.verifyDelta = async () => ({ valid: false, refusal: 'PROOF_SIGNATURE' });
  expect(await bob.federation.pullPeer({ peering: aliceAtBob })).toMatchObject({ cannot: 1, disagrees: 0 });
  await alice.append(await alice.evidence('no answer'));
  bob.verifyDelta = () => Promise.reject(new DomainError('BLOB_STORE_FULL'));
  expect(await bob.federation.pullPeer({ peering: aliceAtBob })).toMatchObject({ cannot: 1 });
  expect((await queryOne(bob, 'no answer')).crossVerifications).toEqual([]);
  await alice.federation.pullPeer({ peering: bobAtAlice });
  expect(await queryOne(alice, 'forged')).toMatchObject({ agreeingPartners: 0, crossVerifications: [{ result: CrossVerificationResult.CROSS_VERIFICATION_RESULT_DISAGREES, reason: 'PROOF_ROOT_MISMATCH' }] });
  bob.verifyDelta = async () => ({ valid: true });
});

test('payloads go to peers only, each with a token of its own', async () => {
  const entry = await alice.append(await alice.evidence('guarded'));
  const nowS = Math.floor(Date.now() / 1000);
  const token = (change: Partial<Parameters<typeof signPeerToken>[0]> = {}, key = bob.keys.cosigner, atS = nowS, lifetimeS = 60) =>
    signPeerToken({ issuer: bob.options.origin, audience: alice.options.origin, payloadDigest: entry.payloadSha256, ...change }, key, atS, lifetimeS);
  const statusOf = async (authorization?: string) => (await fetch(`${baseOf(alice)}/payload/${entry.payloadSha256}`, authorization === undefined ? {} : { headers: { authorization } })).status;
  expect(await statusOf(`Bearer ${await token()}`)).toBe(200);
  expect(await statusOf()).toBe(401);
  const refused = [token({ issuer: 'mallory.example/log' }), token({ audience: bob.options.origin }), token({ payloadDigest: '0'.repeat(64) }), token({}, alice.keys.cosigner), token({}, bob.keys.log), token({}, bob.keys.cosigner, nowS - 300), token({}, bob.keys.cosigner, nowS + 300), token({}, bob.keys.cosigner, nowS, 86_400)];
  for (const made of refused) expect(await statusOf(`Bearer ${await made}`)).toBe(401);
  const [header, payload, signature] = (await token()).split('.');
  const none = `${Buffer.from('{"alg":"none","typ":"stella-peer+jwt"}').toString('base64url')}.${payload}.${signature}`;
  for (const text of [none, `${header}.${payload}.`, `${header}.${payload}`, 'x.y.z', 'x']) expect(await statusOf(`Bearer ${text}`)).toBe(401);
});

test('an erased payload leaves the entry and its proof whole, for peers too', async () => {
  const [{ name: aliceAtBob = '' } = {}] = (await bob.federation.listPeerings({ pageSize: 0, pageToken: '' })).peerings;
  const envelope = await alice.evidence('erased');
  const entry = await alice.append(envelope);
  await alice.runtime.blobs.delete(sha256Hex(envelope));
  expect(await reasonOf(alice.federation.getPayload({ payloadSha256: entry.payloadSha256 }))).toBe('PAYLOAD_ERASED');
  expect(await bob.federation.pullPeer({ peering: aliceAtBob })).toMatchObject({ cosigned: true, cannot: 0 });
  const foreign = await queryOne(bob, 'erased');
  expect(verifyTlogProof(foreign.proof, entry.record, logOf(alice)).index).toBe(Number(entry.index));
});

test('redelivered events append once', async () => {
  const envelope = await alice.evidence('by event');
  const { sha256 } = await alice.runtime.blobs.put(envelope);
  const payload = DeltaIndexed.encode({ delta: 'deltas/x', baselineSha256: '', candidateSha256: '', proofSha256: sha256 }).finish();
  const draft = { topic: 'stella.psdi.delta-indexed.v1alpha', tenant: 'alice.example', key: 'deltas/x', payload };
  for (let n = 0; n < 3; n++) await alice.psdi.database.tx((tx) => alice.psdi.events.append(tx, draft));
  await alice.runtime.settle();
  expect(await alice.query('SELECT entry_index FROM fbpe.entries WHERE envelope_sha256 = $1', [sha256])).toHaveLength(1);
  expect((await queryOne(alice, 'by event')).origin).toBe(alice.options.origin);
});

test('what people take back is logged, too; a denial that was taken back has no statement', async () => {
  const envelope = await alice.evidence('taken back', PREDICATE_TYPES.withdrawal);
  const { sha256 } = await alice.runtime.blobs.put(envelope);
  const withdrawn = (statementSha256: string) => EvidenceWithdrawn.encode({ verdict: '', reason: 'a note', candidateSha256: subjectOf('taken back'), word: 0, statementSha256 }).finish();
  const tell = (event: string, payload: Uint8Array) =>
    alice.psdi.database.tx((tx) => alice.psdi.events.append(tx, { topic: `stella.gate.${event}.v1alpha`, tenant: 'alice.example', key: 'k', payload }));
  await tell('evidence-withdrawn', withdrawn(''));
  await tell('evidence-withdrawn', withdrawn(sha256));
  await tell('key-revoked', KeyRevoked.encode({ fingerprint: 'k', word: 0, statementSha256: sha256, verdictCount: 0 }).finish());
  await alice.runtime.settle();
  expect(await alice.query('SELECT entry_index FROM fbpe.entries WHERE envelope_sha256 = $1', [sha256])).toHaveLength(1);
  expect((await queryOne(alice, 'taken back', PREDICATE_TYPES.withdrawal)).origin).toBe(alice.options.origin);
});

test('provenance is paged, own and foreign entries without gaps', async () => {
  const subjectSha256 = subjectOf('paged');
  const kinds = [PREDICATE_TYPES.deltaProof, PREDICATE_TYPES.microWitness, PREDICATE_TYPES.verdict, PREDICATE_TYPES.packManifest, PREDICATE_TYPES.verifyResult];
  for (const kind of kinds) await alice.append(await alice.evidence('paged', kind));
  const found: string[] = [];
  let pageToken = '';
  do {
    const { entries, nextPageToken } = await alice.federation.queryProvenance({ subjectSha256, pageSize: 2, pageToken });
    expect(entries.length).toBeLessThanOrEqual(2);
    found.push(...entries.map(({ predicateType }) => predicateType));
    pageToken = nextPageToken;
  } while (pageToken !== '');
  expect(found).toEqual(kinds);
  expect(await reasonOf(alice.federation.queryProvenance({ subjectSha256, pageSize: 2, pageToken: 'x' }))).toBe('PAGE_TOKEN_INVALID');
});

test('peers are followed by themselves, and one that fails is left alone for a while', async () => {
  const carol = await makeNode(await databases.create('carol'), 'carol.example', folder, { pullIntervalMs: 20 }).start();
  try {
    await carol.peerWith(alice);
    const peering = (await carol.federation.listPeerings({ pageSize: 0, pageToken: '' })).peerings[0]?.name ?? '';
    // One side alone may follow, but gets no payloads.
    expect(await reasonOf(carol.federation.pullPeer({ peering }))).toBe('PEER_UNREACHABLE');
    await alice.peerWith(carol);
    const node = await alice.node();
    await carol.federation.createPeering({ ...node, requestId: '0b6c3d1e-5f0c-4a45-9d2f-0c1d2e3f4a5b', organisation: 'gone.example', origin: 'gone.example/log', logKey: formatVerifierKey(noteKey('gone.example/log', 'ed25519', bob.keys.delta.publicKey)), grpcAddress: '', httpAddress: 'http://127.0.0.1:1', sameOperator: false });
    const find = async (organisation: string) => (await carol.federation.listPeerings({ pageSize: 0, pageToken: '' })).peerings.find((one) => one.organisation === organisation);
    for (let n = 0; n < 400 && (await find('alice.example'))?.lastPullTime === undefined; n++) await new Promise((resolve) => setTimeout(resolve, 25));
    expect((await find('alice.example'))?.verifiedSize).toBe(node.size);
    const pulls = async (outcome: string) => {
      const metrics = await (await fetch(`${carol.runtime.runtime.httpAddress}/metrics`)).text();
      return Number(new RegExp(`fbpe_pulls_total\\{outcome="${outcome}"\\} ([0-9]+)`).exec(metrics)?.[1] ?? 0);
    };
    const before = { failed: await pulls('PEER_UNREACHABLE'), atMs: Date.now() };
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(before.failed).toBeGreaterThan(0);
    expect(await pulls('ok')).toBeGreaterThan(0);
    // Tried at every interval it would have failed more often than that, however busy the machine is.
    expect((await pulls('PEER_UNREACHABLE')) - before.failed).toBeLessThan((Date.now() - before.atMs) / 20 / 2);
  } finally {
    await carol.runtime.stop();
  }
});

test('the metrics tell of the log, the checks and the queries', async () => {
  const text = await (await fetch(`${alice.runtime.runtime.httpAddress}/metrics`)).text();
  for (const name of ['fbpe_log_size', 'fbpe_entries_cross_verified_total', 'cross_verify_success_ratio', 'provenance_query_latency_seconds_bucket', 'fbpe_cosigned_size']) expect(text).toContain(name);
  const { peerings } = await alice.federation.listPeerings({ pageSize: 0, pageToken: '' });
  expect(peerings.map(({ organisation, state }) => `${organisation} ${PeeringState[state]}`).sort()).toEqual(['bob.example PEERING_STATE_ACTIVE', 'carol.example PEERING_STATE_ACTIVE']);
});
