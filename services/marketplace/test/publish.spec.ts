import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyPair, PREDICATE_TYPES, verifyStatement } from '@stella/attestation';
import { FindingState, MarketplaceServiceService, PackState } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import { type FunctionSymbol, functionSymbols, identify } from '@stella/native';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import { startTestRuntime, type TestRuntime } from '@stella/platform-runtime/testing';
import { marketplaceService } from '../src/index.js';
import { type Heard, listener } from './listener.js';
import { buildProgram, type Program, removeProgram } from './programs.js';
import { packed, type PackedFile, Publisher, sha256 } from './publisher.js';

let folder: string;
let runtime: TestRuntime;
let program: Program;
let acme: Publisher;
let files: PackedFile[];
const heard: Heard[] = [];
const trusted = ['acme', 'fresh', 'owner', 'other-owner', 'private'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-marketplace-'));
  const trustedPublishers = trusted.map((id) => ({ tenant: id, namespaceId: id }));
  runtime = await startTestRuntime([marketplaceService({ trustedPublishers }), listener(heard)], { blobs: await DirectoryBlobStore.open(join(folder, 'blobs')) });
  program = await buildProgram();
  acme = await Publisher.create(runtime, 'acme', 'acme');
  files = [await packed(program.stripped, 'bin/anchor', 'elf-executable', program.buildId), await packed(program.debug, 'debug/anchor.debug', 'elf-debug', program.buildId)];
});

afterAll(async () => {
  await runtime?.stop();
  if (program) await removeProgram(program);
  await rm(folder, { recursive: true, force: true });
});

const refusal = (promise: Promise<unknown>) => expect(promise).rejects;
/** Findings that are no pass, as `check reason`. */
const problems = (pack: { findings: { check: string; state: FindingState; reason: string }[] }): string[] =>
  pack.findings.filter(({ state }) => state === FindingState.FINDING_STATE_FAILED || state === FindingState.FINDING_STATE_ERROR).map(({ check, reason }) => `${check} ${reason}`);
const isServed = async (publisher: Publisher, buildId: string): Promise<boolean> => (await publisher.client.lookUpBuildIds({ buildIds: [buildId] })).answers[0]?.missingReason === '';
const otherBytes = (text: string): PackedFile => ({ path: 'readme.txt', bytes: Buffer.from(text), format: 'other', identifiers: [] });

describe('a pack of a trusted publisher', () => {
  test('goes live with a finding for every check, the signed manifest, and the identifiers of the files themselves', async () => {
    const pack = await acme.publish(files);
    expect(problems(pack)).toEqual([]);
    expect(pack).toMatchObject({ name: 'namespaces/acme/packs/anchor/versions/1.0.0', state: PackState.PACK_STATE_PUBLISHED, license: 'Apache-2.0' });
    expect(pack.files.map(({ path, gnuBuildId, hasDebugInfo }) => [path, gnuBuildId, hasDebugInfo])).toEqual([
      ['bin/anchor', program.buildId, false],
      ['debug/anchor.debug', program.buildId, true],
    ]);
    const states = new Map(pack.findings.map(({ check, state }) => [check, state]));
    for (const check of ['signature', 'manifest', 'digests', 'paths', 'personal-data', 'archives', 'formats', 'identifiers', 'licence', 'visibility', 'build-ids']) {
      expect([check, states.get(check)]).toEqual([check, FindingState.FINDING_STATE_PASSED]);
    }
    expect(states.get('malware')).toBe(FindingState.FINDING_STATE_NOT_RUN);
    const envelope = pack.manifest?.envelope ?? Buffer.alloc(0);
    expect(sha256(envelope)).toBe(pack.manifest?.sha256);
    const { statement } = verifyStatement(envelope, [acme.key.publicKey], { predicateType: PREDICATE_TYPES.packManifest });
    expect(statement.subjects.map(({ sha256: digest }) => digest)).toEqual(pack.files.map(({ sha256: digest }) => digest));
  });

  test('is announced once, with what others index it by', async () => {
    await runtime.settle();
    expect(heard).toHaveLength(1);
    expect(heard[0]).toMatchObject({ tenant: 'acme', message: { pack: 'namespaces/acme/packs/anchor/versions/1.0.0', kind: 'symbols' } });
    expect(heard[0]?.message.files).toEqual([
      { sha256: sha256(files[0]?.bytes ?? Buffer.alloc(0)), gnuBuildId: program.buildId, goBuildId: '', hasDebugInfo: false },
      { sha256: sha256(files[1]?.bytes ?? Buffer.alloc(0)), gnuBuildId: program.buildId, goBuildId: '', hasDebugInfo: true },
    ]);
    const text = await runtime.runtime.metrics.text();
    expect(text).toMatch(/marketplace_validation_findings_total\{check="identifiers",state="passed"\} [1-9]/);
  });

  test('is the same pack when it is sent again, and no other under the same version', async () => {
    const again = await acme.publish(files);
    expect(again.publishTime).toEqual((await acme.client.getPack({ name: again.name })).pack?.publishTime);
    await refusal(acme.publish([...files, otherBytes('more')])).toMatchObject({ reason: 'PACK_VERSION_EXISTS' });
    expect((await acme.client.getPack({ name: again.name })).pack?.files).toHaveLength(2);
  });

  test('can be found by words and build id, page by page, and downloaded', async () => {
    for (const version of ['1.1.0', '1.2.0']) await acme.publish(files, { version });
    const names: string[] = [];
    let pageToken = '';
    do {
      const page = await acme.client.searchPacks({ query: 'acme ANCHOR', pageSize: 1, pageToken });
      names.push(...page.packs.map(({ name }) => name));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(names).toEqual(['1.2.0', '1.1.0', '1.0.0'].map((version) => `namespaces/acme/packs/anchor/versions/${version}`));
    expect((await acme.client.searchPacks({ query: program.buildId.toUpperCase(), pageSize: 0, pageToken: '' })).packs).toHaveLength(3);
    expect((await acme.client.searchPacks({ query: '100% _', pageSize: 0, pageToken: '' })).packs).toEqual([]);
    await refusal(acme.client.searchPacks({ query: 'x', pageSize: 1, pageToken: 'forged' })).toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
    const chunks: Buffer[] = [];
    for await (const { chunk } of acme.client.downloadFile({ pack: names[0] ?? '', path: 'bin/anchor' })) chunks.push(chunk?.data ?? Buffer.alloc(0));
    expect(Buffer.concat(chunks).equals(files[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
    await refusal(collect(acme.client.downloadFile({ pack: names[0] ?? '', path: '../anchor' }))).toMatchObject({ reason: 'PACK_NOT_FOUND' });
  });

  test('names addresses by build id', async () => {
    const locations = [
      { buildId: program.buildId, offset: program.address + 1n },
      { buildId: program.buildId, offset: 0xffff_ffffn },
      { buildId: 'ab'.repeat(20), offset: 1n },
    ];
    const { locations: found } = await acme.client.symbolize({ locations });
    expect(found.map(({ frames, missingReason }) => frames[0]?.functionName ?? missingReason)).toEqual(['weigh_anchor', 'NO_SYMBOL', 'BUILD_ID_UNKNOWN']);
    expect(found[0]?.frames[0]).toMatchObject({ file: expect.stringMatching(/anchor\.c$/), line: expect.any(Number) });
    expect(found[0]?.sourceSha256).toBe(sha256(files[1]?.bytes ?? Buffer.alloc(0)));
    expect(await acme.client.symbolize({ locations })).toEqual({ locations: found });
  });
});

describe('a Go executable', () => {
  test('is found by its Go build id and names its functions without any debug information', async () => {
    const esbuild = createRequire(import.meta.url).resolve('esbuild-0.18.11/package.json').replace(/package\.json$/, 'bin/esbuild');
    const [identity, symbols] = [await identify(esbuild), await firstSymbols(esbuild)];
    const goBuildId = identity.goBuildId ?? '';
    const file = { ...(await packed(esbuild, 'bin/esbuild', 'elf-executable')), identifiers: [{ kind: 'go-build-id', value: goBuildId }] };
    const pack = await acme.publish([file], { name: 'acme/esbuild', version: '0.18.11', licence: 'MIT' });
    expect([pack.state, problems(pack)]).toEqual([PackState.PACK_STATE_PUBLISHED, []]);
    const { answers } = await acme.client.lookUpBuildIds({ buildIds: [goBuildId] });
    expect(answers[0]).toMatchObject({ pack: pack.name, files: [{ path: 'bin/esbuild', goBuildId, gnuBuildId: '' }] });
    const { locations } = await acme.client.symbolize({ locations: symbols.map(({ address }) => ({ buildId: goBuildId, offset: BigInt(address) })) });
    expect(locations.map(({ frames }) => frames[0]?.functionName)).toEqual(symbols.map(({ name }) => name));
    expect(locations.every(({ frames }) => (frames[0]?.line ?? 0) > 0)).toBe(true);
  });
});

describe('a build id that is published', () => {
  test('never gets other bytes, from nobody; the same bytes are no conflict', async () => {
    const [first, second] = [await buildProgram(29), await buildProgram(31)];
    const forged = await buildProgram(37, first.buildId);
    const owner = await Publisher.create(runtime, 'owner', 'owner');
    const other = await Publisher.create(runtime, 'other-owner', 'other-owner');
    const [stripped, debug] = [await packed(first.stripped, 'bin/a', 'elf-executable', first.buildId), await packed(forged.debug, 'a.debug', 'elf-debug', first.buildId)];
    expect((await owner.publish([stripped])).state).toBe(PackState.PACK_STATE_PUBLISHED);
    // Other bytes of the same role, and the missing debug information from somebody else.
    const forgery = await packed(forged.stripped, 'bin/a', 'elf-executable', first.buildId);
    for (const publisher of [owner, other]) expect(problems(await publisher.publish([forgery], { version: '2.0.0' }))).toEqual(['build-ids BUILD_ID_CONFLICT']);
    expect(problems(await other.publish([debug], { version: '3.0.0' }))).toEqual(['build-ids BUILD_ID_CONFLICT']);
    expect((await other.publish([stripped], { version: '4.0.0' })).state).toBe(PackState.PACK_STATE_PUBLISHED);
    const { answers } = await acme.client.lookUpBuildIds({ buildIds: [first.buildId, second.buildId] });
    expect(answers.map(({ files: found, missingReason }) => [found.map(({ sha256: digest }) => digest), missingReason])).toEqual([
      [[sha256(stripped.bytes)], ''],
      [[], 'BUILD_ID_UNKNOWN'],
    ]);
    for (const built of [first, second, forged]) await removeProgram(built);
  });

  test('two packs of one version at once: one of them is the version', async () => {
    const owner = await Publisher.create(runtime, 'owner', 'race');
    const contents = Array.from({ length: 4 }, (_, index) => owner.publish([otherBytes(`content ${index}`)]).catch((error: unknown) => error));
    const results = await Promise.all(contents);
    const states = results.map((result) => (result as { state?: PackState; reason?: string }).reason ?? (result as { state: PackState }).state);
    expect(states.filter((state) => state === PackState.PACK_STATE_IN_REVIEW)).toHaveLength(1);
    expect(states.filter((state) => state !== PackState.PACK_STATE_IN_REVIEW && state !== PackState.PACK_STATE_REJECTED && state !== 'PACK_VERSION_EXISTS')).toEqual([]);
  });
});

describe('requests', () => {
  test('a request id stands for one request', async () => {
    const client = runtime.client(MarketplaceServiceService, { tenant: 'acme' });
    const requestId = randomUUID();
    const first = await client.createNamespace({ requestId, namespaceId: 'twice' });
    expect(await client.createNamespace({ requestId, namespaceId: 'twice' })).toEqual(first);
    await refusal(client.createNamespace({ requestId, namespaceId: 'thrice' })).toMatchObject({ reason: 'REQUEST_ID_REUSED' });
    await refusal(client.createNamespace({ requestId: randomUUID(), namespaceId: 'twice' })).toMatchObject({ reason: 'NAMESPACE_TAKEN' });
  });

  test('nobody writes in the namespace of another tenant, or sees what is not published', async () => {
    const [stranger, key] = [runtime.client(MarketplaceServiceService, { tenant: 'stranger' }), KeyPair.generate('ed25519')];
    const denied = { reason: 'PERMISSION_DENIED' };
    const requestId = randomUUID();
    await refusal(stranger.registerKey({ requestId, parent: 'namespaces/acme', spkiDer: Buffer.from(key.publicKey.spki), expireTime: undefined })).toMatchObject(denied);
    await refusal(stranger.revokeKey({ name: `namespaces/acme/keys/${acme.key.keyId}`, reason: 'mine' })).toMatchObject(denied);
    await refusal(stranger.createUpload({ requestId, parent: 'namespaces/acme', files: [{ path: 'a', sha256: sha256(Buffer.from('a')), sizeBytes: 1n }] })).toMatchObject(denied);
    const { upload } = await acme.open([otherBytes('ours')]);
    const theft = { manifestEnvelope: await acme.sign([otherBytes('ours')], { version: '9.0.0' }), upload };
    await refusal(stranger.finalizeUpload(theft)).toMatchObject({ reason: 'UPLOAD_NOT_FOUND' });
    const rejected = await acme.publish([otherBytes('bad')], { version: '9.1.0', licence: 'Not-A-Licence' });
    await refusal(stranger.getPack({ name: rejected.name })).toMatchObject({ reason: 'PACK_NOT_FOUND' });
    await refusal(collect(acme.client.downloadFile({ pack: rejected.name, path: 'readme.txt' }))).toMatchObject({ reason: 'PACK_NOT_PUBLISHED' });
    expect((await stranger.searchPacks({ query: '9.1.0', pageSize: 0, pageToken: '' })).packs).toEqual([]);
    expect((await stranger.getPack({ name: 'namespaces/acme/packs/anchor/versions/1.0.0' })).pack?.state).toBe(PackState.PACK_STATE_PUBLISHED);
    const reader = runtime.client(MarketplaceServiceService, { tenant: 'acme', roles: ['auditor'] });
    await refusal(reader.createNamespace({ requestId, namespaceId: 'audited' })).toMatchObject(denied);
  });

  test('a digest alone gives nobody the bytes', async () => {
    const thief = await Publisher.create(runtime, 'digest-thief', 'digest-thief');
    const { upload, missingSha256 } = await thief.open(files);
    expect(missingSha256).toEqual(files.map(({ bytes }) => sha256(bytes)));
    await refusal(thief.client.finalizeUpload({ upload, manifestEnvelope: await thief.sign(files) })).toMatchObject({ reason: 'UPLOAD_INCOMPLETE' });
  });

  test('an untrusted publisher waits for a review, and serves nothing meanwhile', async () => {
    const other = await buildProgram(11);
    const newcomer = await Publisher.create(runtime, 'newcomer', 'newcomer');
    const pack = await newcomer.publish([await packed(other.full, 'bin/anchor', 'elf-executable', other.buildId)]);
    expect([pack.state, problems(pack)]).toEqual([PackState.PACK_STATE_IN_REVIEW, []]);
    expect(await isServed(newcomer, other.buildId)).toBe(false);
    await removeProgram(other);
  });

  test('the name of a trusted namespace in the hands of another tenant is not trusted', async () => {
    const squatter = await Publisher.create(runtime, 'squatter', 'fresh');
    expect((await squatter.publish([otherBytes('hello')])).state).toBe(PackState.PACK_STATE_IN_REVIEW);
  });

  test("a tenant's own pack is served to it and to nobody else", async () => {
    const own = await buildProgram(13);
    const publisher = await Publisher.create(runtime, 'private', 'private');
    const pack = await publisher.publish([await packed(own.full, 'bin/anchor', 'elf-executable', own.buildId)], { visibility: 'tenant' });
    expect(pack.state).toBe(PackState.PACK_STATE_PUBLISHED);
    expect(await isServed(publisher, own.buildId)).toBe(true);
    expect(await isServed(acme, own.buildId)).toBe(false);
    expect((await fetch(`${runtime.runtime.httpAddress}/buildid/${own.buildId}/executable`)).status).toBe(404);
    await refusal(acme.client.getPack({ name: pack.name })).toMatchObject({ reason: 'PACK_NOT_FOUND' });
    const { locations } = await acme.client.symbolize({ locations: [{ buildId: own.buildId, offset: own.address }] });
    expect(locations[0]?.missingReason).toBe('BUILD_ID_UNKNOWN');
    await removeProgram(own);
  });
});

async function collect(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream) continue;
}

/** A thousand functions, from all over the file. */
async function firstSymbols(path: string): Promise<readonly FunctionSymbol[]> {
  const all: FunctionSymbol[] = [];
  for await (const batch of functionSymbols(path)) all.push(...batch.filter(({ name }) => /^(?:main|github\.com)/.test(name)));
  const step = Math.ceil(all.length / 900);
  return all.filter((_, index) => index % step === 0);
}
