import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publicKeyToPem } from '@stella/attestation';
import { NOW, revocationEnvelope, ROOT_PEM_KEY, rootEnvelope } from '../../verdict/test/support/keys.js';
import { BASELINE, CANDIDATE, resultEnvelope } from '../../verdict/test/support/release.js';
import { makeWorld, soundEvidence, type World } from '../../verdict/test/support/world.js';
import { type Ran, run } from './support/run.js';

let folder: string;
let world: World;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-verify-'));
  world = await makeWorld();
  const review = await makeWorld({ claims: ['fixes incident app-7'] });
  const denied = await makeWorld({ envelopes: [...(await soundEvidence()).slice(0, 6), await resultEnvelope('candidate', 'expected-failure')] });
  const files = {
    'allow.json': world.issued.bundle,
    'review.json': review.issued.bundle,
    'deny.json': denied.issued.bundle,
    'root.json': await rootEnvelope(),
    'root.pem': Buffer.from(publicKeyToPem(ROOT_PEM_KEY)),
    'revocations.json': await revocationEnvelope(),
    candidate: Buffer.from('candidate'),
    baseline: Buffer.from('baseline'),
  };
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Change {
  readonly bundle?: string;
  readonly subject?: string;
  readonly revocations?: string | null;
  readonly more?: readonly string[];
}

function verify({ bundle = 'allow.json', subject = CANDIDATE, revocations = 'revocations.json', more = [] }: Change = {}): Promise<Ran> {
  const given = revocations === null ? [] : ['--revocations', revocations];
  const argv = ['verify', bundle, '--trust', 'root.json', '--root-key', 'root.pem', '--subject', subject, '--policy', `sha256:${world.options.policySha256}`, ...given, ...more];
  return run(argv, { cwd: folder, now: () => NOW });
}

test('0: an ALLOW for this artifact, by digest or by the file itself', async () => {
  const byDigest = await verify();
  expect(byDigest.code).toBe(0);
  expect(byDigest.out).toMatch(/^yes: ALLOW\n {2}verdict +[0-9a-f]{64}\n/);
  expect((await verify({ subject: `sha256:${CANDIDATE}` })).code).toBe(0);
  expect((await verify({ subject: 'candidate', more: ['--json', '--max-age', '1h'] })).json).toMatchObject({ exitCode: 0, answer: 'yes', verdict: { outcome: 'ALLOW' } });
});

test('1: another artifact, a DENY, a bundle that is too old or altered anywhere', async () => {
  expect(await verify({ subject: BASELINE })).toMatchObject({ code: 1, out: expect.stringMatching(/^no: subject: OTHER_SUBJECT/) });
  expect((await verify({ subject: 'baseline' })).code).toBe(1);
  expect(await verify({ bundle: 'deny.json' })).toMatchObject({ code: 1, out: expect.stringMatching(/^no: outcome: DENY/) });
  expect((await verify({ more: ['--max-age', '59s'] })).code).toBe(1);
  const bytes = await readFile(join(folder, 'allow.json'));
  for (let at = 11; at < bytes.length; at += Math.floor(bytes.length / 12)) {
    const altered = Buffer.from(bytes);
    altered[at] = (altered[at] ?? 0) ^ 1;
    await writeFile(join(folder, 'flipped.json'), altered);
    expect([at, (await verify({ bundle: 'flipped.json' })).code]).toEqual([at, 1]);
  }
});

test('3: a REVIEW, with the rules that it does not meet', async () => {
  const { code, out } = await verify({ bundle: 'review.json' });
  expect(code).toBe(3);
  expect(out).toMatch(/^REVIEW\n[^]*Unmet rules: [1-9]/);
});

test('4: without a revocation list, a root that is pinned, or a file', async () => {
  expect(await verify({ revocations: null })).toMatchObject({ code: 4, out: expect.stringMatching(/^could not check: REVOCATIONS_UNAVAILABLE\n {2}problem +NOT_GIVEN\n$/) });
  expect(await verify({ bundle: 'nowhere.json' })).toMatchObject({ code: 4, out: '', err: expect.stringMatching(/^FILE_UNREADABLE: .*\n {2}path: nowhere.json\n {2}problem: ENOENT\n/) });
  expect((await verify({ revocations: 'nowhere.json' })).code).toBe(4);
  // Row 9: a folder holds no verdict, whatever lies in it.
  expect(await verify({ bundle: '.' })).toMatchObject({ code: 4, out: '' });
  expect((await verify({ more: ['--now', '2028-01-01T00:00:00Z'] })).code).toBe(4);
});

test('2: what was not asked properly', async () => {
  expect((await verify({ subject: 'no-such-file' })).code).toBe(2);
  await writeFile(join(folder, 'sparse'), '');
  await truncate(join(folder, 'sparse'), 2 ** 32);
  expect(await verify({ subject: 'sparse' })).toMatchObject({ code: 2, err: expect.stringMatching(/^ARTIFACT_TOO_LARGE: /) });
  expect((await verify({ more: ['--max-age', '10'] })).code).toBe(2);
  expect((await verify({ more: ['--now', 'soon'] })).code).toBe(2);
  expect((await run(['verify', 'allow.json', '--trust', 'root.json'], { cwd: folder })).code).toBe(2);
});

describe('row 29: a revocation list that was rolled back', () => {
  const seenFile = (name: string): readonly string[] => ['--seen', name];

  test('4 below the version that is asked for', async () => {
    await writeFile(join(folder, 'version-4.json'), await revocationEnvelope([], undefined, 4));
    expect((await verify({ revocations: 'version-4.json', more: ['--revocations-min-version', '4'] })).code).toBe(0);
    expect(await verify({ revocations: 'version-4.json', more: ['--revocations-min-version', '5'] })).toMatchObject({ code: 4, out: expect.stringContaining('REVOCATION_LIST_ROLLED_BACK') });
    expect((await verify({ more: ['--revocations-min-version', 'x'] })).code).toBe(2);
  });

  test('4 when a newer one was seen before; the file is made at the first time, and read ever after', async () => {
    await writeFile(join(folder, 'version-9.json'), await revocationEnvelope([], undefined, 9));
    expect((await verify({ revocations: 'version-9.json', more: seenFile('seen.json') })).code).toBe(0);
    expect(JSON.parse(await readFile(join(folder, 'seen.json'), 'utf8'))).toMatchObject({ format: 'stella-seen/1', lists: [{ issuer: 'acme', tenant: 'acme', version: 9 }], trustRoot: { version: 1 } });
    expect(await verify({ more: seenFile('seen.json') })).toMatchObject({ code: 4, out: expect.stringContaining('REVOCATION_LIST_ROLLED_BACK') });
    expect((await verify({ revocations: 'version-9.json', more: seenFile('seen.json') })).code).toBe(0);
  });

  test('4 with a file that is damaged, or cannot be read: what was seen is not known then', async () => {
    await writeFile(join(folder, 'damaged.json'), '{}');
    expect(await verify({ more: seenFile('damaged.json') })).toMatchObject({ code: 4, out: expect.stringContaining('SEEN_INVALID') });
    expect(await verify({ more: seenFile('.') })).toMatchObject({ code: 4, err: expect.stringContaining('FILE_UNREADABLE') });
  });
});
