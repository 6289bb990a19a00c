import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { status } from '@grpc/grpc-js';
import { PREDICATE_TYPES, publicKeyFromPem, verifyStatement } from '@stella/attestation';
import { FindingState, PackState } from '@stella/contracts/stella/marketplace/v1alpha/marketplace';
import { FakeStella, Refusal } from './support/fake-stella.js';
import { type Ran, run } from './support/run.js';

const shell = promisify(execFile);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const PACK = 'namespaces/acme/packs/anchor/versions/1.0.0';

let fake: FakeStella;
const stella = (...argv: string[]): Promise<Ran> => run(['--connection', fake.connection, ...argv], { cwd: fake.folder });
const init = (...argv: string[]): Promise<Ran> => stella('pack', 'init', ...argv, '--name', 'acme/anchor', '--pack-version', '1.0.0', '--licence', 'Apache-2.0');

beforeAll(async () => {
  fake = await FakeStella.start();
  const cwd = fake.folder;
  await writeFile(join(cwd, 'a.c'), '#include <stdio.h>\nint main(void) { puts("anchor"); return 0; }\n');
  await shell('gcc', ['-g', '-O1', '-Wl,--build-id=sha1', '-o', 'anchor', 'a.c'], { cwd });
  await shell('objcopy', ['--only-keep-debug', 'anchor', 'anchor.debug'], { cwd });
  await shell('strip', ['anchor'], { cwd });
});
afterAll(() => fake.stop());
beforeEach(() => {
  fake.calls.length = 0;
  fake.requests.length = 0;
});

test('init reads what files are from the files', async () => {
  const { code, json } = await init('anchor', 'anchor.debug', 'a.c', '--json');
  expect(code).toBe(0);
  const { stdout } = await shell('readelf', ['-n', 'anchor'], { cwd: fake.folder });
  const identifiers = [{ kind: 'gnu-build-id', value: /Build ID: ([0-9a-f]+)/.exec(stdout)?.[1] }];
  const program = await readFile(join(fake.folder, 'anchor'));
  expect(json.manifest).toMatchObject({
    schemaVersion: 1,
    toolchain: { name: 'gcc' },
    target: { os: 'linux', arch: 'x86-64' },
    files: [
      { path: 'anchor', format: 'elf-executable', identifiers, sha256: sha256(program), sizeBytes: program.length },
      { path: 'anchor.debug', format: 'elf-debug', identifiers },
      { path: 'a.c', format: 'other', identifiers: [] },
    ],
  });
  expect(JSON.parse(await readFile(join(fake.folder, 'manifest.json'), 'utf8'))).toEqual(json.manifest);
});

test('a manifest outside of its schema is not written, nor one of files elsewhere', async () => {
  const bad = await stella('pack', 'init', 'anchor', '--name', 'acme', '--pack-version', '1.0.0', '--licence', 'MIT', '--out', 'bad.json');
  expect([bad.code, bad.err.split(':')[0]]).toEqual([2, 'SCHEMA_INVALID']);
  await expect(stat(join(fake.folder, 'bad.json'))).rejects.toThrow('ENOENT');
  await writeFile(join(fake.folder, 'sparse'), '');
  await truncate(join(fake.folder, 'sparse'), 2 ** 32);
  expect(await init('sparse')).toMatchObject({ code: 1, err: expect.stringMatching(/^PACK_TOO_LARGE: .*\n {2}path: sparse\n {2}sizeBytes: 4294967296\n/) });
  await writeFile(join(fake.folder, 'cut'), (await readFile('/bin/true')).subarray(0, 20_000));
  expect(await init('cut')).toMatchObject({ code: 2, err: expect.stringMatching(/^INPUT_TRUNCATED: .*\n {2}path: cut\n/) });
  expect((await init('/bin/true')).code).toBe(2);
  expect((await init('nothing')).code).toBe(4);
});

test('lint tells every way in which manifest and files differ', async () => {
  await init('anchor', 'a.c');
  expect(await stella('pack', 'lint', 'manifest.json')).toMatchObject({ code: 0, out: 'manifest and files agree\n' });
  const manifest = JSON.parse(await readFile(join(fake.folder, 'manifest.json'), 'utf8'));
  const [program, source] = manifest.files;
  const wrong = { ...manifest, files: [{ ...program, format: 'other', identifiers: [] }, { ...source, sha256: '00'.repeat(32) }, { ...source, path: 'A.C' }, { ...source, path: 'gone' }] };
  await writeFile(join(fake.folder, 'wrong.json'), JSON.stringify(wrong));
  const { code, json } = await stella('pack', 'lint', 'wrong.json', '--json');
  expect(code).toBe(1);
  expect(json.findings.map(({ path, reason }: { path: string; reason: string }) => `${path} ${reason}`)).toEqual([
    'A.C PACK_PATH_INVALID',
    'anchor PACK_FORMAT_INVALID',
    'anchor PACK_IDENTIFIER_MISMATCH',
    'a.c PACK_DIGEST_MISMATCH',
    'A.C UPLOAD_INCOMPLETE',
    'gone UPLOAD_INCOMPLETE',
  ]);
  expect((await stella('pack', 'sign', 'wrong.json', '--key', 'none.pem')).err).toMatch(/^PACK_DIGEST_MISMATCH/);
});

test.each(['ed25519', 'ecdsa-p256-sha256'])('keygen and sign give an envelope that the public key verifies: %s', async (algorithm) => {
  await init('anchor', 'anchor.debug');
  const key = `${algorithm}.pem`;
  expect((await stella('keygen', '--out', key, '--algorithm', algorithm)).code).toBe(0);
  expect((await stat(join(fake.folder, key))).mode & 0o777).toBe(0o600);
  expect(await stella('keygen', '--out', key)).toMatchObject({ code: 4, err: expect.stringMatching(/^FILE_NOT_WRITTEN: [^]*problem: EEXIST/) });
  expect((await stella('pack', 'sign', 'manifest.json', '--key', key)).code).toBe(0);
  const publicKey = publicKeyFromPem(await readFile(join(fake.folder, `${key}.pub`), 'utf8'));
  const { statement } = verifyStatement(await readFile(join(fake.folder, 'manifest.dsse.json')), [publicKey], { predicateType: PREDICATE_TYPES.packManifest });
  expect(statement.subjects.map(({ name }) => name)).toEqual(['anchor', 'anchor.debug']);
});

describe('a signed pack', () => {
  beforeAll(async () => {
    await init('anchor', 'a.c');
    await stella('keygen', '--out', 'publisher.pem');
    await stella('keygen', '--out', 'stranger.pem');
    await stella('pack', 'sign', 'manifest.json', '--key', 'publisher.pem');
  });

  const publish = (key = 'publisher.pem.pub'): Promise<Ran> => stella('pack', 'publish', 'manifest.dsse.json', '--public-key', key, '--json');

  test('is published: what the marketplace lacks is sent', async () => {
    const program = await readFile(join(fake.folder, 'anchor'));
    const upload = 'namespaces/acme/uploads/u';
    Object.assign(fake.answers, {
      createNamespace: () => new Refusal(status.ALREADY_EXISTS, 'NAMESPACE_TAKEN'),
      registerKey: () => ({ key: {} }),
      createUpload: () => ({ upload, missingSha256: [sha256(program)] }),
      uploadFile: ({ bytes }: { bytes: Buffer }) => ({ sizeBytes: BigInt(bytes.length) }),
      finalizeUpload: () => ({ pack: { name: PACK, state: PackState.PACK_STATE_PUBLISHED } }),
    });
    expect(await publish()).toMatchObject({ code: 0, json: { pack: { name: PACK, state: 'PACK_STATE_PUBLISHED' } } });
    expect(fake.calls).toEqual(['createNamespace', 'registerKey', 'createUpload', 'uploadFile', 'finalizeUpload']);
    const sent = fake.requests.find(({ method }) => method === 'uploadFile')?.request as { header: object; bytes: Buffer };
    expect(sent.header).toEqual({ upload, sha256: sha256(program) });
    expect(sent.bytes.equals(program)).toBe(true);
  });

  test.each([
    ['rejected', { state: PackState.PACK_STATE_REJECTED }, 1],
    ['in review', { state: PackState.PACK_STATE_IN_REVIEW }, 3],
    ['in review with a failed check', { state: PackState.PACK_STATE_IN_REVIEW, findings: [{ check: 'formats', state: FindingState.FINDING_STATE_FAILED }] }, 1],
    ['not checked', { state: PackState.PACK_STATE_VALIDATING, findings: [{ check: 'formats', state: FindingState.FINDING_STATE_ERROR }] }, 4],
  ])('that is %s is not published', async (_, pack, exitCode) => {
    fake.answers['finalizeUpload'] = () => ({ pack });
    expect((await publish()).code).toBe(exitCode);
  });

  test('is not finalized without one of its files', async () => {
    await rename(join(fake.folder, 'anchor'), join(fake.folder, 'away'));
    try {
      const { code, err } = await publish();
      expect(code).toBe(4);
      expect(JSON.parse(err)).toMatchObject({ error: { reason: 'FILE_UNREADABLE', facts: { path: join(fake.folder, 'anchor') } } });
      expect(fake.calls).not.toContain('finalizeUpload');
    } finally {
      await rename(join(fake.folder, 'away'), join(fake.folder, 'anchor'));
    }
  });

  test('is not sent under a key that did not sign it', async () => {
    expect(await publish('stranger.pem.pub')).toMatchObject({ code: 1, err: expect.stringMatching(/SIGNATURE_UNVERIFIED/) });
    expect(fake.calls).toEqual([]);
  });

  test('is pulled; a file is kept only with its signed bytes', async () => {
    const envelope = await readFile(join(fake.folder, 'manifest.dsse.json'));
    const files = new Map(await Promise.all(['anchor', 'a.c'].map(async (path) => [path, await readFile(join(fake.folder, path))] as const)));
    fake.answers['getPack'] = () => ({ pack: { name: PACK, manifest: { envelope } } });
    fake.answers['downloadFile'] = ({ path }) => [{ chunk: { data: files.get(path) } }];
    const pull = (out: string, ...more: string[]): Promise<Ran> => stella('pack', 'pull', PACK, '--out', out, ...more);
    expect((await pull('pulled', '--public-key', 'publisher.pem.pub')).code).toBe(0);
    for (const [path, bytes] of files) expect((await readFile(join(fake.folder, 'pulled', path))).equals(bytes)).toBe(true);
    expect((await pull('unchecked')).err).toContain('is not checked');
    expect((await pull('stranger', '--public-key', 'stranger.pem.pub')).code).toBe(1);
    await expect(stat(join(fake.folder, 'stranger'))).rejects.toThrow('ENOENT');

    await mkdir(join(fake.folder, 'altered'));
    files.set('anchor', Buffer.from(files.get('anchor') ?? []).fill(0xff, 4_000, 4_008));
    expect((await pull('altered')).err).toMatch(/BLOB_DIGEST_MISMATCH/);
    await expect(stat(join(fake.folder, 'altered', 'anchor'))).rejects.toThrow('ENOENT');
    files.set('anchor', Buffer.concat([files.get('anchor') ?? Buffer.alloc(0), Buffer.alloc(1)]));
    expect((await pull('altered')).err).toMatch(/sizeBytes: more than/);
    const other = await stella('pack', 'pull', 'namespaces/acme/packs/anchor/versions/2.0.0', '--out', 'other');
    expect(other.err).toMatch(/PACK_MANIFEST_INVALID/);
  });
});
