import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { KeyPair } from '@stella/attestation';
import { FindingState, type Pack, PackState } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import { startTestRuntime, type TestRuntime } from '@stella/platform-runtime/testing';
import { marketplaceService } from '../src/index.js';
import { limits } from '../src/limits.js';
import { type Heard, listener } from './listener.js';
import { buildProgram, type Program, removeProgram } from './programs.js';
import { packed, type PackedFile, Publisher, sha256 } from './publisher.js';

const IDS = ['bad', 'keyless', 'short', 'roller', 'owner', 'thief', 'crash', 'revoked'];
const heard: Heard[] = [];
let folder: string;
let runtime: TestRuntime;
let program: Program;
let bad: Publisher;
let debug: PackedFile;
let now = Date.now();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-refusals-'));
  const trustedPublishers = IDS.map((id) => ({ tenant: id, namespaceId: id }));
  const blobs = await DirectoryBlobStore.open(join(folder, 'blobs'));
  runtime = await startTestRuntime([marketplaceService({ trustedPublishers }), listener(heard)], { blobs, clock: () => new Date(now) });
  program = await buildProgram(17);
  bad = await Publisher.create(runtime, 'bad', 'bad');
  debug = await packed(program.debug, 'debug/anchor.debug', 'elf-debug', program.buildId);
});

afterEach(async () => {
  // Whatever went wrong, nothing of it went live.
  await runtime.settle();
  expect(heard).toEqual([]);
  expect((await fetch(`${runtime.runtime.httpAddress}/buildid/${program.buildId}/debuginfo`)).status).toBe(404);
});

afterAll(async () => {
  await runtime?.stop();
  if (program) await removeProgram(program);
  await rm(folder, { recursive: true, force: true });
});

const refusal = (promise: Promise<unknown>) => expect(promise).rejects;
const problems = ({ findings }: Pack): string[] => findings.filter(({ state }) => state === FindingState.FINDING_STATE_FAILED || state === FindingState.FINDING_STATE_ERROR).map(({ check, reason }) => `${check} ${reason}`);
const text = (path: string, content: string | Buffer, format = 'other'): PackedFile => ({ path, bytes: Buffer.from(content), format, identifiers: [] });
const declare = (path: string, sizeBytes: bigint) => bad.client.createUpload({ requestId: crypto.randomUUID(), parent: bad.parent, files: [{ path, sha256: 'a'.repeat(64), sizeBytes }] });

describe('before a byte is stored', () => {
  test.each(['../../etc/passwd', '/etc/passwd', 'a/../b', 'a//b', 'a/./b', 'a\\b', 'a\u0000b', 'a\u202eb', 'con.txt', 'e\u0301', 'a./b'])('case 48: the path %j', async (path) => {
    await refusal(declare(path, 1n)).toMatchObject({ reason: 'PACK_PATH_INVALID' });
  });

  test('two paths that are one file on another machine', async () => {
    await refusal(bad.open([text('bin/A', 'a'), text('BIN/a', 'b')])).toMatchObject({ reason: 'PACK_PATH_INVALID' });
    await refusal(bad.open([text('bin', 'a'), text('bin/a', 'b')])).toMatchObject({ reason: 'PACK_PATH_INVALID' });
  });

  test('a sparse file of 4 GB, and one beyond what the wire takes', async () => {
    await refusal(declare('sparse', 4n << 30n)).toMatchObject({ reason: 'PACK_TOO_LARGE' });
    await refusal(declare('sparse', (4n << 30n) + 1n)).toMatchObject({ reason: 'REQUEST_INVALID' });
    await refusal(declare('negative', -1n)).toMatchObject({ reason: 'REQUEST_INVALID' });
  });

  test('bytes that are not those that were declared, fewer of them, and more', async () => {
    const { upload } = await bad.open([text('readme', 'right')]);
    for (const content of ['wrong', 'righ', 'right and more']) {
      await refusal(bad.send(upload, Buffer.from(content), sha256(Buffer.from('right')))).toMatchObject({ reason: 'PACK_DIGEST_MISMATCH' });
    }
    await refusal(bad.send(upload, Buffer.from('undeclared'))).toMatchObject({ reason: 'UPLOAD_FILE_UNDECLARED' });
    await refusal(bad.client.finalizeUpload({ upload, manifestEnvelope: await bad.sign([text('readme', 'right')]) })).toMatchObject({ reason: 'UPLOAD_INCOMPLETE' });
    expect(await bad.send(upload, Buffer.from('right'))).toEqual({ sizeBytes: 5n });
    expect(await bad.send(upload, Buffer.from('right'))).toEqual({ sizeBytes: 5n });
  });

  test('an upload that was not finished in time', async () => {
    const file = text('late', 'late');
    const { upload } = await bad.open([file]);
    now += 25 * 3_600_000;
    await refusal(bad.send(upload, file.bytes)).toMatchObject({ reason: 'UPLOAD_EXPIRED' });
    await refusal(bad.client.finalizeUpload({ upload, manifestEnvelope: await bad.sign([file]) })).toMatchObject({ reason: 'UPLOAD_EXPIRED' });
  });

  test('an upload that was not finished is forgotten a day after its end, one that was made later is not', async () => {
    const file = text('forgotten', 'forgotten');
    const { upload: old } = await bad.open([file]);
    now += 12 * 3_600_000;
    const { upload: young } = await bad.open([file]);
    const reasonsOf = () => Promise.all([old, young].map((upload) => bad.send(upload, file.bytes).then(() => 'taken', ({ reason }: { reason: string }) => reason)));
    now += 36 * 3_600_000 - 1;
    await runtime.runtime.keepHouse();
    expect(await reasonsOf()).toEqual(['UPLOAD_EXPIRED', 'UPLOAD_EXPIRED']);
    now += 2;
    await runtime.runtime.keepHouse();
    expect(await reasonsOf()).toEqual(['UPLOAD_NOT_FOUND', 'UPLOAD_EXPIRED']);
    expect(await runtime.runtime.metrics.text()).toMatch(/housekeeping_removed_total{service="marketplace",kind="uploads"} [1-9]/);
  });

  test('an upload has the time that is set for it', async () => {
    const other = await startTestRuntime([marketplaceService({ uploadLifetimeMs: 6 * 3_600_000 })], { database: runtime.database, clock: () => new Date(now) });
    try {
      const file = text('short', 'short');
      const publisher = await Publisher.create(other, 'hours', 'hours');
      const { upload } = await publisher.open([file]);
      const send = () => publisher.send(upload, file.bytes);
      now += 6 * 3_600_000 - 1;
      expect(await send()).toEqual({ sizeBytes: 5n });
      now += 1;
      await refusal(send()).toMatchObject({ reason: 'UPLOAD_EXPIRED' });
    } finally {
      await other.stop();
    }
  });
});

describe('signature and manifest', () => {
  test('a key that is not registered, and a namespace without any', async () => {
    await refusal(bad.publish([debug], { signer: KeyPair.generate('ed25519') })).toMatchObject({ reason: 'PACK_SIGNATURE_INVALID' });
    const keyless = await Publisher.create(runtime, 'keyless', 'keyless', { key: false });
    await refusal(keyless.publish([debug])).toMatchObject({ reason: 'KEY_NOT_REGISTERED' });
  });

  test('case 47: a signature over other bytes, an altered payload, another copy beside the signed one', async () => {
    const resigned = (envelope: Uint8Array) => Buffer.from(Buffer.from(envelope).toString().replace(/"payload":"..../, (start) => `${start.slice(0, -4)}eyJh`));
    await refusal(bad.publish([debug], { envelope: resigned })).toMatchObject({ reason: 'PACK_SIGNATURE_INVALID' });
    const twice = (envelope: Uint8Array) => Buffer.from(Buffer.from(envelope).toString().replace('{', '{"payload":"e30=",'));
    await refusal(bad.publish([debug], { envelope: twice })).toMatchObject({ reason: 'PACK_SIGNATURE_INVALID' });
  });

  test('a key that has expired, and one that never will be valid', async () => {
    const short = await Publisher.create(runtime, 'short', 'short', { expireTime: new Date(now + 60_000) });
    now += 60_000;
    await refusal(short.publish([debug])).toMatchObject({ reason: 'KEY_EXPIRED' });
    await refusal(short.register(KeyPair.generate('ed25519'), new Date(now))).toMatchObject({ reason: 'KEY_EXPIRED' });
  });

  test('a revoked key, which cannot come back', async () => {
    const roller = await Publisher.create(runtime, 'roller', 'roller');
    const name = `namespaces/roller/keys/${roller.key.keyId}`;
    const { key } = await roller.client.revokeKey({ name, reason: 'laptop stolen' });
    expect(key?.revokeTime).toEqual(new Date(now));
    await refusal(roller.publish([debug])).toMatchObject({ reason: 'KEY_REVOKED' });
    await refusal(roller.register(roller.key)).toMatchObject({ reason: 'KEY_REVOKED' });
    now += 1_000;
    expect((await roller.client.revokeKey({ name, reason: 'again' })).key?.revokeTime).toEqual(key?.revokeTime);
  });

  test('text that is no key, and a key of an algorithm that we do not know', async () => {
    await refusal(bad.client.registerKey({ requestId: crypto.randomUUID(), parent: bad.parent, spkiDer: Buffer.alloc(44, 1), expireTime: undefined })).toMatchObject({ reason: 'KEY_MALFORMED' });
  });

  test('a manifest for another namespace, of another shape, or about other files', async () => {
    await refusal(bad.publish([debug], { name: 'acme/anchor' })).toMatchObject({ reason: 'PACK_MANIFEST_INVALID' });
    await refusal(bad.publish([debug], { version: '1.0' })).toMatchObject({ reason: 'PACK_MANIFEST_INVALID', facts: { pointer: '/version' } });
    await refusal(bad.publish([debug], { subjects: [{ name: debug.path, sha256: 'b'.repeat(64) }] })).toMatchObject({ reason: 'PACK_DIGEST_MISMATCH' });
    const extra = text('extra', 'never sent');
    await refusal(bad.publish([debug], { declared: [debug, extra] })).toMatchObject({ reason: 'PACK_DIGEST_MISMATCH' });
    await refusal(bad.publish([debug], { declared: [{ ...debug, path: 'other' }] })).toMatchObject({ reason: 'PACK_DIGEST_MISMATCH' });
    await refusal(bad.publish([text('a', '1')], { declared: [text('a', '2')] })).toMatchObject({ reason: 'PACK_DIGEST_MISMATCH' });
  });
});

describe('what the checks find', () => {
  let minor = 0;
  const rejected = async (files: readonly PackedFile[], changes = {}): Promise<string[]> => {
    const pack = await bad.publish(files, { version: `2.${minor++}.0`, ...changes });
    expect(pack.state).toBe(PackState.PACK_STATE_REJECTED);
    return problems(pack);
  };

  test('an identifier that is not the file’s, one too many, and none', async () => {
    const wrong = [{ kind: 'gnu-build-id', value: 'ab'.repeat(20) }];
    const mismatch = ['identifiers PACK_IDENTIFIER_MISMATCH'];
    expect(await rejected([{ ...debug, identifiers: wrong }])).toEqual(mismatch);
    expect(await rejected([{ ...debug, identifiers: [...debug.identifiers, { kind: 'go-build-id', value: 'a/b' }] }])).toEqual(mismatch);
    expect(await rejected([{ ...debug, identifiers: [] }])).toEqual(mismatch);
    expect(await rejected([{ ...text('a.txt', 'text'), identifiers: wrong }])).toEqual(mismatch);
  });

  test.each(['GPL-9.0', 'MIT AND', 'CC-BY-NC-4.0', 'MIT AND BUSL-1.1', 'LicenseRef-mine', '('.repeat(300)])('the licence %s', async (licence) => {
    expect(await rejected([debug], { licence })).toEqual(['licence PACK_LICENSE_INVALID']);
  });

  test('a file that is not what the manifest says', async () => {
    expect(await rejected([{ ...debug, format: 'elf-executable' }])).toEqual(['formats PACK_FORMAT_INVALID']);
    expect(await rejected([{ ...debug, format: 'other' }])).toEqual(['formats PACK_FORMAT_INVALID', 'identifiers PACK_IDENTIFIER_MISMATCH']);
    expect(await rejected([text('a.exe', 'MZ', 'pe')])).toEqual(['formats PACK_FORMAT_UNSUPPORTED']);
    expect(await rejected([text('witness.json', '{}', 'micro-witness')])).toEqual(['formats PACK_FORMAT_INVALID']);
  });

  test('no bytes, a text, a cut and a scrambled ELF file', async () => {
    const bytes = await readFile(program.full);
    const scrambled = Buffer.from(bytes);
    scrambled.fill(0xff, 0x28, 0x40);
    for (const content of [Buffer.alloc(0), Buffer.from('#!/bin/sh\n'), bytes.subarray(0, 40), bytes.subarray(0, bytes.length - 1_000), scrambled]) {
      // What was not read has no identifiers to compare: that check is in error, and only this one says failed.
      expect(await rejected([{ ...debug, bytes: content }])).toEqual(['formats PACK_FORMAT_INVALID', 'identifiers PACK_CHECK_UNAVAILABLE']);
    }
  });

  test('a zip bomb, and an ELF file that says it unpacks to more than a disk', async () => {
    expect(await rejected([text('bomb.bin', gzipSync(Buffer.alloc(16 << 20)))])).toEqual(['archives PACK_ARCHIVE_REFUSED']);
    expect(await rejected([text('a.bin', Buffer.from('504b0304', 'hex'))])).toEqual(['archives PACK_ARCHIVE_REFUSED']);
    const packedProgram = await buildProgram(19, undefined, ['-Wl,--compress-debug-sections=zlib']);
    const bytes = await readFile(packedProgram.debug);
    expect(await rejected([{ ...debug, bytes: inflated(bytes), identifiers: [{ kind: 'gnu-build-id', value: packedProgram.buildId }] }])).toContain('archives PACK_ARCHIVE_REFUSED');
    await removeProgram(packedProgram);
  });

  test('paths that name a person or a secret', async () => {
    for (const path of ['home/alice/anchor.debug', 'Users/Bob/a.debug', 'x/.ssh/a.debug', 'deploy/id_rsa']) {
      expect(await rejected([{ ...debug, path }])).toEqual(['personal-data PACK_PATH_PERSONAL']);
    }
  });

  test('a visibility that cannot be kept yet', async () => {
    expect(await rejected([debug], { visibility: 'plan:gold' })).toEqual(['visibility PACK_VISIBILITY_UNSUPPORTED']);
  });

  test('two files of one pack that claim one build id', async () => {
    const other = await buildProgram(23, program.buildId);
    expect(await rejected([debug, await packed(other.debug, 'debug/other.debug', 'elf-debug', program.buildId)])).toEqual(['build-ids BUILD_ID_CONFLICT']);
    await removeProgram(other);
  });

  test('a rejected version is free for a better try', async () => {
    const changes = { version: '3.0.0' };
    await rejected([debug], { ...changes, licence: 'GPL-9.0' });
    now += 1;
    await rejected([debug], { ...changes, licence: 'GPL-8.0' });
    const { pack } = await bad.client.getPack({ name: 'namespaces/bad/packs/anchor/versions/3.0.0' });
    expect(pack?.license).toBe('GPL-8.0');
  });
});

describe('a check that could not run', () => {
  const withNative = async <T>(script: string | undefined, work: () => Promise<T>): Promise<T> => {
    const path = join(folder, 'native');
    if (script !== undefined) await writeFile(path, `#!/bin/sh\n${script}\n`);
    if (script !== undefined) await chmod(path, 0o755);
    process.env.STELLA_NATIVE = script === undefined ? join(folder, 'absent') : path;
    try {
      return await work();
    } finally {
      delete process.env.STELLA_NATIVE;
    }
  };

  test.each([
    ['dies on the file', 'kill -SEGV $$', 'NATIVE_CRASHED'],
    ['ends without a word', 'exit 0', 'NATIVE_FRAME_BROKEN'],
    ['says what is no message', 'printf "\\001\\000\\000\\000x"', 'NATIVE_FRAME_BROKEN'],
    ['is not there', undefined, 'NATIVE_MISSING'],
  ])('where the reader %s, the pack stays unpublished with an error', async (what, script, reason) => {
    const crash = await Publisher.create(runtime, 'crash', `crash-${reason.toLowerCase().replaceAll('_', '-')}-${what.length}`);
    const pack = await withNative(script, () => crash.publish([debug]));
    expect(pack.state).toBe(PackState.PACK_STATE_VALIDATING);
    expect(problems(pack)).toEqual([`formats ${reason}`, 'identifiers PACK_CHECK_UNAVAILABLE']);
  });

  test('is run again when the upload is finalized again, and only then may the pack go live', async () => {
    const later = await Publisher.create(runtime, 'crash', 'crash-later');
    const { upload } = await later.open([text('readme', 'x'), debug]);
    for (const { bytes } of [text('readme', 'x'), debug]) await later.send(upload, bytes);
    const manifestEnvelope = await later.sign([text('readme', 'x'), debug]);
    const first = await withNative('exit 1', () => later.client.finalizeUpload({ upload, manifestEnvelope }));
    expect(first.pack?.state).toBe(PackState.PACK_STATE_VALIDATING);
    const second = await later.client.finalizeUpload({ upload, manifestEnvelope });
    expect([second.pack?.name, second.pack?.state, second.pack && problems(second.pack)]).toEqual([first.pack?.name, PackState.PACK_STATE_IN_REVIEW, []]);
    await refusal(later.client.finalizeUpload({ upload, manifestEnvelope: await later.sign([text('readme', 'x'), debug], { version: '1.0.1' }) })).toMatchObject({ reason: 'UPLOAD_FINALIZED' });
  });

  test('a revocation that comes while a pack waits for its checks is seen', async () => {
    const revoked = await Publisher.create(runtime, 'revoked', 'revoked');
    const { upload } = await revoked.open([debug]);
    await revoked.send(upload, debug.bytes);
    const manifestEnvelope = await revoked.sign([debug]);
    const name = `namespaces/revoked/keys/${revoked.key.keyId}`;
    const slow = `sleep 1; exec ${join(import.meta.dirname, '../../../target/release/stella-native')} "$@"`;
    const [{ pack }] = await withNative(slow, () =>
      Promise.all([revoked.client.finalizeUpload({ upload, manifestEnvelope }), new Promise((resolve) => setTimeout(resolve, 400)).then(() => revoked.client.revokeKey({ name, reason: 'stolen' }))]),
    );
    expect([pack?.state, pack && problems(pack)]).toEqual([PackState.PACK_STATE_REJECTED, ['signature KEY_REVOKED']]);
  });
});

describe('what a tenant may have', () => {
  const requestId = (): string => crypto.randomUUID();
  /** How many of the calls were let through, and why the others were not. */
  const tally = async (calls: readonly Promise<unknown>[]): Promise<readonly [number, readonly string[]]> => {
    const results = await Promise.allSettled(calls);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as { reason: string }).reason] : []));
    return [results.length - reasons.length, [...new Set(reasons)]];
  };
  const times = <T>(count: number, call: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => call(index));

  test('namespaces, keys and open uploads have an end, also when they are asked for at once', async () => {
    const greedy = await Publisher.create(runtime, 'greedy', 'greedy');
    expect(await tally(times(limits.namespacesPerTenantMax + 5, (index) => greedy.client.createNamespace({ requestId: requestId(), namespaceId: `greedy-${index}` })))).toEqual([limits.namespacesPerTenantMax - 1, ['NAMESPACE_QUOTA_SPENT']]);
    expect(await tally(times(limits.keysPerNamespaceMax + 5, () => greedy.register(KeyPair.generate('ed25519'))))).toEqual([limits.keysPerNamespaceMax - 1, ['KEY_QUOTA_SPENT']]);
    expect(await tally(times(limits.openUploadsPerTenantMax + 5, () => greedy.open([text('a', 'a')])))).toEqual([limits.openUploadsPerTenantMax, ['UPLOAD_QUOTA_SPENT']]);
    now += limits.uploadLifetimeMs;
    expect((await greedy.open([text('a', 'a')])).upload).toMatch(/^namespaces\/greedy\//);
  });

  test('one pack has an end too', async () => {
    const half = { path: 'half', sha256: 'c'.repeat(64), sizeBytes: BigInt(limits.fileSizeBytesMax) };
    const files = times(limits.packSizeBytesMax / limits.fileSizeBytesMax + 1, (index) => ({ ...half, path: `part-${index}`, sha256: index.toString(16).padStart(64, '0') }));
    await refusal(bad.client.createUpload({ requestId: requestId(), parent: bad.parent, files })).toMatchObject({ reason: 'PACK_TOO_LARGE' });
    // The same bytes under many paths are stored once.
    const copies = times(20, (index) => ({ ...half, path: `copy-${index}` }));
    expect((await bad.client.createUpload({ requestId: requestId(), parent: bad.parent, files: copies })).missingSha256).toHaveLength(1);
  });
});

/** Says of every compressed section that it unpacks to 2^40 bytes. */
function inflated(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const [table, count] = [Number(copy.readBigUInt64LE(0x28)), copy.readUInt16LE(0x3c)];
  for (let index = 0; index < count; index++) {
    const at = table + index * 64;
    const isCompressed = (copy.readBigUInt64LE(at + 8) & 0x800n) !== 0n;
    if (isCompressed) copy.writeBigUInt64LE(1n << 40n, Number(copy.readBigUInt64LE(at + 0x18)) + 8);
  }
  return copy;
}
