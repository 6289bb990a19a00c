import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { madeProof, NOW, revocations, signedProof, trustRoot } from '../../binary-delta/test/signed-proof.js';
import { type Ran, run } from './support/run.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stella-delta-verify-'));
  const files = {
    'proof.json': await signedProof(),
    'lie.json': await signedProof({ ...madeProof(), counts: { ...madeProof().counts, semantic: 2 } }),
    'root.json': trustRoot(),
    'revocations.json': await revocations(),
    old: Buffer.from('old'),
    other: Buffer.from('other'),
  };
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const verify = (...argv: string[]): Promise<Ran> => run(['delta', 'verify', ...argv, '--trust', 'root.json'], { cwd: folder, now: () => NOW });
const LIST = ['--revocations', 'revocations.json'];

test('0: the proof holds, by files alone', async () => {
  const { new: next } = madeProof();
  const { code, out } = await verify('proof.json', ...LIST, '--baseline', 'old', '--candidate', `sha256:${next.artifactSha256}`);
  expect([code, out]).toEqual([0, expect.stringMatching(/^proof +holds\nbaseline +[0-9a-f]{64}\ncandidate +[0-9a-f]{64}\nunits +1 identical, 1 semantic\nprovenance +attested\nsigner +dev:psdi of acme/)]);
  expect((await verify('proof.json', ...LIST, '--json')).json).toMatchObject({ valid: true, provenance: 'attested', identicalUnits: 1, signer: { organisation: 'acme' } });
});

test('1: it does not hold, or is about something else', async () => {
  expect(await verify('lie.json', ...LIST)).toMatchObject({ code: 1, out: expect.stringMatching(/does NOT hold\nrefusal +PROOF_COUNTS_FALSE/) });
  expect(await verify('proof.json', ...LIST, '--baseline', 'other')).toMatchObject({ code: 1, out: expect.stringContaining('PROOF_SUBJECT_MISMATCH') });
});

test('4: nobody says what was revoked', async () => {
  expect(await verify('proof.json')).toMatchObject({ code: 4, out: expect.stringMatching(/could not be checked\nreason +REVOCATIONS_NOT_GIVEN/) });
});

test('2: artifacts are lifted by the installation only; an artifact is a digest or a file', async () => {
  expect(await verify('proof.json', '--deep')).toMatchObject({ code: 2, err: expect.stringContaining('--deep') });
  expect(await verify('proof.json', ...LIST, '--baseline', 'nowhere')).toMatchObject({ code: 2, err: expect.stringContaining('--baseline') });
});
