import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PREDICATE_TYPES, publicKeyToPem, sha256Hex, signStatement } from '@stella/attestation';
import { releaseCacheFolder } from '@stella/cli';
import { Outcome, Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { incidentById, resolveRelease } from '@stella/incidents';
import { WatchedNative } from '@stella/native/testing';
import { testAsRoot } from '@stella/testing';
import type { Ran } from './support/cli.js';
import type { ErrorReport } from './support/error-report.js';
import { OneNode } from './support/one-node.js';

const INCIDENT = incidentById('lua-CVE-2020-24370');
const IS_ROOT = process.getuid?.() === 0;
const DISK = '64m';

let here: OneNode;
let native: WatchedNative;
let program: Buffer;
let blobs = '';

beforeAll(async () => {
  here = await OneNode.start('bad-input', (blobFolder, folder) => {
    blobs = blobFolder;
    if (IS_ROOT) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK},mode=0711`, 'none', blobs]);
    mkdirSync(join(folder, 'native'));
    native = new WatchedNative(join(folder, 'native'));
  });
  program = readFileSync((await resolveRelease(INCIDENT.good, { cacheDir: releaseCacheFolder({ STELLA_HOME: here.folder }) })).program);
}, 180_000);

afterAll(async () => {
  native?.restore();
  const unmount = (): void => {
    if (IS_ROOT && blobs !== '') execFileSync('umount', [blobs]);
  };
  if (here) await here.stop(unmount);
  else unmount();
}, 60_000);

const path = (name: string): string => join(here.folder, name);
const stella = (...argv: readonly string[]): Promise<Ran> => here.stella.run(...argv);

interface Question {
  readonly baseline?: string;
  readonly candidate?: string;
  readonly claims?: readonly string[];
  readonly more?: readonly string[];
}

const gate = ({ baseline = INCIDENT.bad.name, candidate = INCIDENT.good.name, claims = [], more = [] }: Question = {}): Promise<Ran> =>
  stella('gate', '--baseline', baseline, '--candidate', candidate, '--baseline-runs', '--bundle', 'b.json', ...claims.flatMap((claim) => ['--claim', claim]), ...more);

/** A build that nobody has seen: bytes after the program change what it is called, and nothing else. */
let builds = 0;
function anotherBuild(): string {
  const name = `./build-${(builds += 1)}`;
  writeFileSync(path(name), program);
  appendFileSync(path(name), name);
  return name;
}

const verdictCount = async (): Promise<number> => (await here.client.gate.listVerdicts({})).verdicts.length;

/** Runs a command that has to fail; gives how it says so. It answers nothing, and decides nothing. */
async function refused(run: () => Promise<Ran>): Promise<{ readonly exitCode: number } & ErrorReport> {
  const before = await verdictCount();
  const { exitCode, answer, error } = await run();
  expect(answer).toBeUndefined();
  expect(error).toMatchObject({ message: expect.stringMatching(/./), next: expect.stringMatching(/./) });
  expect(await verdictCount()).toBe(before);
  return { exitCode, ...(error as ErrorReport) };
}

function forArm(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt16LE(183, 18);
  return copy;
}

describe('a file of which nobody can say what it consists of', () => {
  test.each([
    ['a truncated ELF file', 'INPUT_TRUNCATED', () => program.subarray(0, program.length >> 1)],
    ['an ELF file that ends within its header', 'INPUT_TRUNCATED', () => program.subarray(0, 40)],
    ['a file of 0 bytes', 'INPUT_EMPTY', () => Buffer.alloc(0)],
    ['a text', 'INPUT_NOT_ELF', () => Buffer.from('#!/bin/sh\nexit 0\n')],
    ['a zip bomb', 'INPUT_NOT_ELF', () => gzipSync(Buffer.alloc(64 << 20))],
    ['a program for another processor', 'ARCH_UNSUPPORTED', () => forArm(program)],
  ])('%s is named with its reason, on either side and by its index; nothing is decided', async (_, reason, contents) => {
    writeFileSync(path('candidate'), contents());
    const sha256 = sha256Hex(contents());
    const claims = [`fixes incident ${INCIDENT.id}`];
    expect(await refused(() => gate({ candidate: './candidate', claims }))).toMatchObject({ exitCode: 2, reason, facts: { candidate: './candidate', sha256 } });
    expect(await refused(() => gate({ baseline: './candidate', claims }))).toMatchObject({ exitCode: 2, reason, facts: { baseline: './candidate', sha256 } });
    expect(await refused(() => stella('delta', 'index', './candidate'))).toMatchObject({ exitCode: 2, reason, facts: { release: './candidate', sha256 } });
  }, 120_000);

  test('a sparse file of 4 GB is refused unread', async () => {
    writeFileSync(path('sparse'), '');
    truncateSync(path('sparse'), 2 ** 32);
    expect(await refused(() => gate({ candidate: './sparse' }))).toMatchObject({ exitCode: 2, reason: 'ARTIFACT_TOO_LARGE', facts: { release: './sparse', sizeBytes: String(2 ** 32) } });
    expect(await refused(() => stella('pack', 'init', 'sparse', '--name', 'own/sparse', '--pack-version', '1.0.0', '--licence', 'MIT'))).toMatchObject({ exitCode: 1, reason: 'PACK_TOO_LARGE', facts: { path: 'sparse' } });
    expect(statSync(path('sparse')).blocks).toBe(0);
  }, 60_000);
});

describe('a question that cannot be asked', () => {
  test.each([
    ['a claim that does not parse', { claims: ['makes everything better'] }, 'CLAIM_INVALID', {}],
    ['a release that nobody knows', { candidate: 'lua@9.9.9' }, 'RELEASE_UNKNOWN', { release: 'lua@9.9.9' }],
    ['an incident that nobody knows', { claims: ['fixes incident nobody-saw-this'] }, 'INCIDENT_NOT_FOUND', {}],
    ['a policy that nobody has published', { more: ['--policy', 'none'] }, 'POLICY_NOT_FOUND', { policy: 'policies/none' }],
    ['a policy whose name is none', { more: ['--policy', '../../etc'] }, 'POLICY_NOT_FOUND', {}],
    ['a resource that is no address', { more: ['--resource-uri', 'not an address'] }, 'REQUEST_INVALID', {}],
  ])('%s', async (_, question, reason, facts) => {
    expect(await refused(() => gate(question))).toMatchObject({ exitCode: 2, reason, facts });
  }, 120_000);

  test('so it is for what the other commands ask for', async () => {
    expect(await refused(() => stella('incident', 'show', 'nobody-saw-this'))).toMatchObject({ exitCode: 2, reason: 'INCIDENT_NOT_FOUND' });
    expect(await refused(() => stella('verdict', 'show', 'ab'.repeat(32)))).toMatchObject({ exitCode: 2, reason: 'VERDICT_NOT_FOUND' });
    expect(await refused(() => stella('delta', 'diff', 'ab'.repeat(32), 'cd'.repeat(32)))).toMatchObject({ exitCode: 2, reason: 'ARTIFACT_NOT_FOUND' });
  }, 60_000);
});

describe('stella-native', () => {
  test.each([
    ['killed, as the kernel does where memory runs out', 'NATIVE_CRASHED', { signal: 'SIGKILL' }, (work: () => Promise<Ran>) => native.killed(work)],
    ['dead by a fault of its own', 'NATIVE_CRASHED', { signal: 'SIGSEGV' }, (work: () => Promise<Ran>) => native.crashing(work)],
    ['out of memory', 'LIMIT_MEMORY', {}, (work: () => Promise<Ran>) => native.starving(work)],
  ])('%s while it lifts: it could not be checked, and the next run decides', async (_, reason, facts, during) => {
    const candidate = anotherBuild();
    expect(await refused(() => during(() => gate({ candidate })))).toMatchObject({ exitCode: 4, reason, facts: { candidate, ...facts } });
    const { exitCode, answer } = await gate({ candidate });
    expect([exitCode, Verdict.fromJSON(answer.verdict).outcome]).toEqual([3, Outcome.OUTCOME_REVIEW]);
  }, 180_000);

  test('killed while it runs a program: nothing is recorded, and the next run records it', async () => {
    const claims = [`fixes incident ${INCIDENT.id}`];
    const baseline = './baseline';
    copyFileSync((await resolveRelease(INCIDENT.bad, { cacheDir: releaseCacheFolder({ STELLA_HOME: here.folder }) })).program, path(baseline));
    appendFileSync(path(baseline), 'another build');
    const witnesses = async () => (await here.client.frvf.listWitnesses({ incident: `incidents/${INCIDENT.id}` })).witnesses.length;
    const before = await witnesses();
    expect(await refused(() => native.killed(() => gate({ baseline, claims }), 'capsule'))).toMatchObject({ exitCode: 4, reason: 'NATIVE_CRASHED', facts: { command: 'capsule' } });
    expect(await witnesses()).toBe(before);
    const { exitCode, answer } = await gate({ baseline, claims });
    expect([exitCode, Verdict.fromJSON(answer.verdict).claims.map(({ detail }) => detail)]).toEqual([3, ['REPRODUCED_BEFORE_FIXED_NOW']]);
    expect(await witnesses()).toBe(before + 1);
  }, 180_000);
});

describe('a pack', () => {
  const PUBLISHED = (): Promise<number> => stella('pack', 'search').then(({ answer }) => answer.packs.filter(({ state }: { state: string }) => state === 'PACK_STATE_PUBLISHED').length);
  const files = (name: string): string => {
    const folder = path(`pack-${name}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'lua'), program, { mode: 0o755 });
    return folder;
  };
  const init = (folder: string, name: string, file = 'lua') => stella('pack', 'init', join(folder, file), '--name', `own/${name}`, '--pack-version', '1.0.0', '--licence', 'MIT', '--out', join(folder, 'manifest.json'));
  const sign = (folder: string, key = 'publisher.pem') => stella('pack', 'sign', join(folder, 'manifest.json'), '--key', path(key), '--out', join(folder, 'pack.dsse.json'));
  const publish = (folder: string) => stella('pack', 'publish', join(folder, 'pack.dsse.json'), '--public-key', path('publisher.pem.pub'));

  beforeAll(async () => {
    const { publisher } = here.node.installation.keys;
    writeFileSync(path('publisher.pem'), publisher.toPem(), { mode: 0o600 });
    writeFileSync(path('publisher.pem.pub'), publicKeyToPem(publisher.publicKey));
    expect(await stella('keygen', '--out', path('stranger.pem'))).toMatchObject({ exitCode: 0 });
  });
  afterEach(async () => expect(await PUBLISHED()).toBe(0));

  test('whose bytes are not those of its manifest', async () => {
    const folder = files('digest');
    expect(await init(folder, 'digest')).toMatchObject({ exitCode: 0 });
    appendFileSync(join(folder, 'lua'), 'altered');
    expect(await refused(() => sign(folder))).toMatchObject({ exitCode: 1, reason: 'PACK_DIGEST_MISMATCH', facts: { path: 'lua' } });
    writeFileSync(join(folder, 'lua'), program);
    expect(await sign(folder)).toMatchObject({ exitCode: 0 });
    appendFileSync(join(folder, 'lua'), 'altered');
    expect(await refused(() => publish(folder))).toMatchObject({ exitCode: 1, reason: 'PACK_DIGEST_MISMATCH' });
  }, 60_000);

  test('that somebody else signed', async () => {
    const folder = files('signature');
    expect(await init(folder, 'signature')).toMatchObject({ exitCode: 0 });
    expect(await sign(folder, 'stranger.pem')).toMatchObject({ exitCode: 0 });
    expect(await refused(() => publish(folder))).toMatchObject({ exitCode: 1, reason: 'SIGNATURE_UNVERIFIED' });
  }, 60_000);

  test('whose identifiers are not those of its files', async () => {
    const folder = files('identifier');
    expect(await init(folder, 'identifier')).toMatchObject({ exitCode: 0 });
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as { files: { path: string; sha256: string; identifiers: object[] }[] };
    for (const file of manifest.files) file.identifiers = [{ kind: 'gnu-build-id', value: 'ab'.repeat(20) }];
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    expect(await refused(() => sign(folder))).toMatchObject({ exitCode: 1, facts: { problem: 'PACK_IDENTIFIER_MISMATCH' } });
    // With a tool that does not look.
    const subjects = manifest.files.map((file) => ({ name: file.path, sha256: file.sha256 }));
    writeFileSync(join(folder, 'pack.dsse.json'), await signStatement({ subjects, predicateType: PREDICATE_TYPES.packManifest, predicate: manifest }, here.node.installation.keys.publisher));
    const { exitCode, answer } = await publish(folder);
    expect([exitCode, answer.pack.state]).toEqual([1, 'PACK_STATE_REJECTED']);
    expect(answer.pack.findings).toContainEqual(expect.objectContaining({ reason: 'PACK_IDENTIFIER_MISMATCH', state: 'FINDING_STATE_FAILED' }));
  }, 60_000);

  test('with a zip bomb', async () => {
    const folder = files('bomb');
    writeFileSync(join(folder, 'notes.bin'), gzipSync(Buffer.alloc(64 << 20)));
    expect(await init(folder, 'bomb', 'notes.bin')).toMatchObject({ exitCode: 0 });
    expect(await sign(folder)).toMatchObject({ exitCode: 0 });
    const { exitCode, answer } = await publish(folder);
    expect([exitCode, answer.pack.state]).toEqual([1, 'PACK_STATE_REJECTED']);
    expect(answer.pack.findings).toContainEqual(expect.objectContaining({ reason: 'PACK_ARCHIVE_REFUSED', state: 'FINDING_STATE_FAILED' }));
  }, 60_000);
});

describe('a full disk', () => {
  const filler = (): string => join(blobs, 'filler');
  const fill = (): void => {
    // Until nothing more fits.
    for (const blockBytes of [1 << 20, 4_096]) {
      try {
        for (;;) appendFileSync(filler(), Buffer.alloc(blockBytes));
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' });
      }
    }
  };

  testAsRoot('is told as such where a program is sent and where a verdict is kept; nothing half-done stays, and with room the same command goes on', async () => {
    const candidate = anotherBuild();
    // Of builds that are indexed: only the verdict itself is left to keep.
    const question = { claims: ['data only'] };
    expect(await gate()).toMatchObject({ exitCode: 3 });
    fill();
    try {
      expect(await refused(() => gate({ candidate }))).toMatchObject({ exitCode: 4, reason: 'BLOB_STORE_FULL' });
      expect(await refused(() => gate(question))).toMatchObject({ exitCode: 4, reason: 'BLOB_STORE_FULL' });
    } finally {
      rmSync(filler());
    }
    expect(readdirSync(join(blobs, 'incoming'))).toEqual([]);
    expect(await gate({ candidate })).toMatchObject({ exitCode: 3, error: undefined });
    expect(await gate(question)).toMatchObject({ exitCode: 1, answer: { outcome: 'DENY', verdict: { claims: [{ state: 'CLAIM_STATE_REFUTED' }] } } });
  }, 240_000);
});

test('after all this, a good run decides, and its bundle is whole', async () => {
  const { exitCode, error } = await gate({ claims: [`fixes incident ${INCIDENT.id}`] });
  expect({ exitCode, error }).toEqual({ exitCode: 3, error: undefined });
  const folder = dirname(path('b.json'));
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
  expect(JSON.parse(readFileSync(path('b.json'), 'utf8'))).toMatchObject({ evidence: expect.any(Array) });
}, 120_000);
