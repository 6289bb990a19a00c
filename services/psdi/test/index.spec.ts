import { randomUUID } from 'node:crypto';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyStatement } from '@stella/attestation';
import { packSides, parseLiftIndex, unpackSides } from '@stella/binary-delta';
import { DeltaIndexServiceService } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { nativeIsHere } from '@stella/native/testing';
import { limits } from '../src/limits.js';
import { Compiler } from './support/programs.js';
import { createIndex, messages, type PsdiClient, PsdiRuntime, sha256, upload } from './support/psdi-runtime.js';

const describeHere = nativeIsHere('psdi indexes') ? describe : describe.skip;

/** Not the digest of 4 GiB of zeros: who would read them would find out, seconds later. */
const SPARSE_SHA256 = 'ab'.repeat(32);

async function until(holds: () => boolean): Promise<void> {
  for (const endMs = Date.now() + 5_000; !holds(); ) {
    if (Date.now() > endMs) throw new Error('it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describeHere('artifacts and their indexes', () => {
  let psdi: PsdiRuntime;
  let client: PsdiClient;
  let compiler: Compiler;
  beforeAll(async () => {
    psdi = await PsdiRuntime.start();
    client = psdi.client();
    compiler = new Compiler(psdi.folder);
  }, 60_000);
  afterAll(() => psdi.stop());

  const rows = async (sql: string, ...values: unknown[]): Promise<number> => Number((await psdi.context.database.query<{ n: bigint }>(`SELECT count(*) AS n FROM ${sql}`, values))[0]?.n);

  test('an artifact is known by its digest; bytes that are not what the header says leave nothing', async () => {
    const bytes = Buffer.alloc(200_000, 7);
    const digest = await upload(client, bytes, 'seven');
    const { artifact } = await client.getArtifact({ name: `artifacts/${digest}` });
    expect(artifact).toMatchObject({ sha256: digest, sizeBytes: 200_000n, label: 'seven' });
    // The first label stays.
    await upload(client, bytes, 'another');
    expect((await client.getArtifact({ name: `artifacts/${digest}` })).artifact?.label).toBe('seven');

    const other = Buffer.from('other bytes');
    for (const header of [
      { sha256: sha256(Buffer.from('x')), sizeBytes: BigInt(other.byteLength), label: '' },
      { sha256: sha256(other), sizeBytes: BigInt(other.byteLength - 1), label: '' },
      { sha256: sha256(other), sizeBytes: BigInt(other.byteLength + 1), label: '' },
    ]) {
      await expect(client.uploadArtifact(messages(other, header))).rejects.toMatchObject({ reason: 'ARTIFACT_DIGEST_MISMATCH' });
      await expect(client.getArtifact({ name: `artifacts/${header.sha256}` })).rejects.toMatchObject({ reason: 'ARTIFACT_NOT_FOUND' });
    }
    async function* headerless() {
      yield { part: { $case: 'chunk' as const, value: { data: other } } };
    }
    await expect(client.uploadArtifact(headerless())).rejects.toMatchObject({ reason: 'REQUEST_INVALID' });
  });

  test('an index is signed, says who lifted, binds its side records, and adds up', async () => {
    const program = compiler.program();
    const digest = await upload(client, program);
    const index = await createIndex(client, digest);
    expect(index).toMatchObject({ artifactSha256: digest, lifterSha256: psdi.lifter.sha256, toolchainName: 'gcc', residualBytes: 0n, cached: false });
    expect(index.functionCount).toBeGreaterThan(6);
    expect(index.gnuBuildId).toMatch(/^[0-9a-f]{40}$/);
    const envelope = index.evidence?.envelope ?? Buffer.alloc(0);
    expect(sha256(envelope)).toBe(index.evidence?.sha256);
    const { statement } = verifyStatement(envelope, [psdi.signer.publicKey], { predicateType: index.evidence?.predicateType ?? '' });
    expect(statement.subjects).toEqual([{ name: 'artifact', sha256: digest }]);
    const predicate = parseLiftIndex(statement.predicate);
    expect(predicate).toMatchObject({ artifactSha256: digest, root: index.root, liftedBy: 'https://node.example', artifactSizeBytes: program.byteLength });
    expect(predicate.totals.coveredBytes).toBe(Number(index.loadedBytes));
    const sides = await psdi.test.blobs.bytes(predicate.sidesSha256);
    expect(packSides(unpackSides(sides)).equals(sides)).toBe(true);
    expect(unpackSides(sides).some(({ id }) => id === 'fn:scale')).toBe(true);
  });

  test('the second call, a repeated request and ten at once take one lift', async () => {
    const digest = await upload(client, compiler.program({ constant: 100 }));
    const before = psdi.lifter.lifts;
    const requestId = randomUUID();
    const all = await Promise.all([createIndex(client, digest, requestId), ...Array.from({ length: 9 }, () => createIndex(client, digest))]);
    expect(psdi.lifter.lifts).toBe(before + 1);
    expect(new Set(all.map(({ root }) => root)).size).toBe(1);
    const again = await createIndex(client, digest, requestId);
    expect(again).toEqual({ ...all[0], cached: true });
    expect(psdi.lifter.lifts).toBe(before + 1);
    const other = await upload(client, compiler.program({ constant: 101 }));
    await expect(createIndex(client, other, requestId)).rejects.toMatchObject({ reason: 'REQUEST_ID_REUSED' });
    expect((await createIndex(client, digest)).cached).toBe(true);
    expect(psdi.lifter.lifts).toBe(before + 1);
    const metrics = await psdi.metrics();
    expect(metrics).toMatch(/psdi_cache_requests_total\{cache="index",result="hit"\} [1-9]/);
    expect(metrics).toMatch(/psdi_index_residual_ratio_count [1-9]/);
  });

  test.each([
    ['no bytes', () => Buffer.alloc(0), 'INPUT_EMPTY'],
    ['a text', () => Buffer.from('hello, world\n'.repeat(50)), 'INPUT_NOT_ELF'],
    ['a program that is cut', () => compiler.program().subarray(0, 3_000), 'INPUT_TRUNCATED'],
  ])('%s is an artifact and not lifted, with the reason of the lifter', async (_, make, reason) => {
    const digest = await upload(client, make());
    expect((await client.getArtifact({ name: `artifacts/${digest}` })).artifact?.sha256).toBe(digest);
    await expect(createIndex(client, digest)).rejects.toMatchObject({ reason, kind: 'invalid', facts: { sha256: digest } });
    expect(await rows('indexes WHERE artifact_sha256 = $1', digest)).toBe(0);
    expect(await rows('functions WHERE artifact_sha256 = $1', digest)).toBe(0);
  });

  test('debug information alone and object files are no index: two of them would always be equal', async () => {
    for (const bytes of [compiler.withDebugFile().debug, compiler.object()]) {
      await expect(createIndex(client, await upload(client, bytes))).rejects.toMatchObject({ reason: 'ARTIFACT_WITHOUT_CODE' });
    }
  });

  test('more bytes than are lifted are refused when they are announced; nothing of them is read or kept', async () => {
    let sent = 0;
    async function* endless() {
      yield { part: { $case: 'header' as const, value: { sha256: SPARSE_SHA256, sizeBytes: 2n ** 32n, label: '' } } };
      for (; sent < 65_536; sent++) yield { part: { $case: 'chunk' as const, value: { data: Buffer.alloc(65_536) } } };
    }
    await expect(client.uploadArtifact(endless(), { deadlineMs: 60_000 })).rejects.toMatchObject({ reason: 'ARTIFACT_TOO_LARGE', facts: { sizeBytes: String(2 ** 32), sizeBytesMax: String(limits.artifactBytesMax) } });
    expect(sent).toBeLessThan(1_000);
    expect(await rows('artifacts WHERE sha256 = $1', SPARSE_SHA256)).toBe(0);
  });

  test('a sparse file of 4 GiB that an earlier version took is refused before its bytes are read', async () => {
    const path = join(psdi.folder, 'blobs', 'sha256', SPARSE_SHA256.slice(0, 2), SPARSE_SHA256);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, '');
    truncateSync(path, 2 ** 32);
    await psdi.context.database.execute('INSERT INTO artifacts (tenant, sha256, size_bytes, label, create_time) VALUES ($1, $2, $3, $4, now())', ['acme', SPARSE_SHA256, 2 ** 32, 'sparse']);
    const startedMs = performance.now();
    await expect(createIndex(client, SPARSE_SHA256)).rejects.toMatchObject({ reason: 'ARTIFACT_TOO_LARGE', facts: { sizeBytes: String(2 ** 32) } });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });

  test('a lifter that dies is one typed error, leaves nothing, and the next lift works', async () => {
    const digest = await upload(client, compiler.program({ constant: 200 }));
    await psdi.lifter.crashing(async () => {
      await expect(createIndex(client, digest)).rejects.toMatchObject({ reason: 'NATIVE_CRASHED', facts: { command: 'index', signal: 'SIGSEGV' } });
    });
    expect(await rows('indexes WHERE artifact_sha256 = $1', digest)).toBe(0);
    expect(await rows('functions WHERE artifact_sha256 = $1', digest)).toBe(0);
    expect((await createIndex(client, digest)).cached).toBe(false);
    expect(await psdi.metrics()).toMatch(/psdi_lift_failures_total\{reason="NATIVE_CRASHED"\} 1/);
  });

  test('a caller whose deadline passes takes the lifter with it, unless another one waits', async () => {
    const digest = await upload(client, compiler.program({ constant: 202 }));
    const impatient = (deadlineMs: number) => expect(client.createIndex({ requestId: randomUUID(), artifactSha256: digest }, { deadlineMs })).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
    await psdi.lifter.hanging(async () => {
      const both = [impatient(500), impatient(1_000)];
      await both[0];
      expect(psdi.lifter.hungPids).toHaveLength(1);
      await both[1];
      await until(() => psdi.lifter.hungPids.length === 0);
    });
    expect((await createIndex(client, digest)).cached).toBe(false);
  });

  test('two processes of one installation lift an artifact once', async () => {
    const digest = await upload(client, compiler.program({ constant: 203 }));
    const second = await psdi.second();
    try {
      const before = psdi.lifter.lifts;
      const elsewhere = second.client(DeltaIndexServiceService);
      const [here, there] = await Promise.all([createIndex(client, digest), createIndex(elsewhere, digest)]);
      expect(psdi.lifter.lifts).toBe(before + 1);
      expect(there.evidence?.sha256).toBe(here.evidence?.sha256);
      expect([here.cached, there.cached].sort()).toEqual([false, true]);
    } finally {
      await second.stop();
    }
  });

  test('another executable than the one that is signed for is not run', async () => {
    const digest = await upload(client, compiler.program({ constant: 201 }));
    const before = psdi.lifter.lifts;
    await psdi.lifter.replaced(async () => {
      await expect(client.createIndex({ requestId: randomUUID(), artifactSha256: digest }, { deadlineMs: 5_000 })).rejects.toMatchObject({ reason: 'LIFTER_CHANGED' });
    });
    expect(psdi.lifter.lifts).toBe(before);
    expect((await createIndex(client, digest)).cached).toBe(false);
  });

  test('a function is found by name, E1 and E2 in every artifact that has it, by pages', async () => {
    const mine = psdi.client('searcher');
    const programs = [1, 2, 3].map((constant) => compiler.program({ constant }));
    const digests: string[] = [];
    for (const program of programs) {
      const digest = await upload(mine, program);
      await createIndex(mine, digest);
      digests.push(digest);
    }
    const find = (identity: Parameters<PsdiClient['findFunction']>[0]['identity'], pageSize = 0, pageToken = '') => mine.findFunction({ identity, pageSize, pageToken });
    const firsts = (await find({ $case: 'functionName', value: 'first' })).occurrences;
    expect(firsts.map(({ artifactSha256 }) => artifactSha256)).toEqual([...digests].sort());
    expect(new Set(firsts.map(({ e1 }) => e1)).size).toBe(1);
    const [first] = firsts;
    for (const identity of [{ $case: 'e1', value: first?.e1 ?? '' }, { $case: 'e2', value: first?.e2 ?? '' }] as const) {
      expect((await find(identity)).occurrences.filter(({ functionName }) => functionName === 'first')).toEqual(firsts);
    }
    const scales = (await find({ $case: 'functionName', value: 'scale' })).occurrences;
    expect(new Set(scales.map(({ e1 }) => e1)).size).toBe(3);
    const pages: string[] = [];
    for (let token = ''; ; ) {
      const { occurrences, nextPageToken } = await find({ $case: 'functionName', value: 'scale' }, 1, token);
      pages.push(...occurrences.map(({ artifactSha256 }) => artifactSha256));
      if (nextPageToken === '') break;
      token = nextPageToken;
      await expect(find({ $case: 'functionName', value: 'first' }, 1, token)).rejects.toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
    }
    expect(pages).toEqual([...digests].sort());
    expect((await find({ $case: 'functionName', value: 'no_such_function' })).occurrences).toEqual([]);
  });

  test('a tenant sees nothing of another one', async () => {
    const program = compiler.program({ constant: 300 });
    const digest = await upload(client, program);
    await createIndex(client, digest);
    const stranger = psdi.client('stranger');
    await expect(stranger.getArtifact({ name: `artifacts/${digest}` })).rejects.toMatchObject({ reason: 'ARTIFACT_NOT_FOUND' });
    await expect(createIndex(stranger, digest)).rejects.toMatchObject({ reason: 'ARTIFACT_NOT_FOUND' });
    expect((await stranger.findFunction({ identity: { $case: 'functionName', value: 'scale' }, pageSize: 0, pageToken: '' })).occurrences).toEqual([]);
    // Not even that somebody lifted it before.
    await upload(stranger, program);
    expect((await createIndex(stranger, digest)).cached).toBe(false);
  });

  test('a caller without the right to write indexes nothing', async () => {
    const auditor = psdi.test.client(DeltaIndexServiceService, { roles: ['auditor'] });
    await expect(upload(auditor, Buffer.from('x'))).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
    await expect(createIndex(auditor, 'cd'.repeat(32))).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
  });
});
