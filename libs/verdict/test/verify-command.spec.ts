import { buildDevelopmentTrustRoot, publicKeyToPem, signRevocationList } from '@stella/attestation';
import { verifyBundleCommand, type VerifyCommandInput } from '../src/index.js';
import { KEYS, LOG_ORIGIN, NOW, PAIRS, revocationEnvelope, rootEnvelope, ROOT_PEM_KEY } from './support/keys.js';
import { BASELINE, CANDIDATE, resultEnvelope } from './support/release.js';
import { makeWorld, soundEvidence, type World } from './support/world.js';

let world: World;
let input: VerifyCommandInput;
beforeAll(async () => {
  world = await makeWorld();
  input = {
    bundle: world.issued.bundle,
    trustRoot: await rootEnvelope(),
    pinnedKeysPem: [publicKeyToPem(ROOT_PEM_KEY)],
    revocationList: await revocationEnvelope(),
    subjects: [`sha256:${CANDIDATE}`],
    policy: `sha256:${world.options.policySha256}`,
    now: NOW,
  };
});

function run(change: Partial<VerifyCommandInput> = {}): string {
  const { exitCode, answer } = verifyBundleCommand({ ...input, ...change });
  return `${exitCode} ${'detail' in answer ? answer.detail : answer.answer}`;
}

test('0: yes', () => {
  expect(run()).toBe('0 yes');
  expect(run({ subjects: [CANDIDATE], policy: world.options.policySha256, maxAge: '1h' })).toBe('0 yes');
});

test('1: no', async () => {
  expect(run({ subjects: [BASELINE] })).toBe('1 OTHER_SUBJECT');
  expect(run({ maxAge: '59s' })).toBe('1 STALE');
  const denied = await makeWorld({ envelopes: [...(await soundEvidence()).slice(0, 6), await resultEnvelope('candidate', 'expected-failure')] });
  expect(run({ bundle: denied.issued.bundle })).toBe('1 DENY');
});

test('row 9: 1 for nothing at all', () => {
  expect(run({ bundle: new Uint8Array() })).toBe('1 BUNDLE_INVALID');
});

test.each([
  ['a digest that is none', { policy: 'latest' }, 'DIGEST_NOT_CANONICAL'],
  ['a digest in capitals', { subjects: [CANDIDATE.toUpperCase()] }, 'DIGEST_NOT_CANONICAL'],
  ['no subject', { subjects: [] }, 'SUBJECT_MISSING'],
  ['an age without a unit', { maxAge: '10' }, 'MAX_AGE'],
  ['an age of nothing', { maxAge: '0d' }, 'MAX_AGE'],
  ['a time that is none', { now: new Date('soon') }, 'NOW'],
])('2: %s', (_, change, detail) => {
  expect(run(change)).toBe(`2 ${detail}`);
});

test('3: a REVIEW', async () => {
  const review = await makeWorld({ claims: ['fixes incident app-7'] });
  expect(run({ bundle: review.issued.bundle })).toBe('3 review');
});

test('4: a root that is not signed by a pinned key, or too old', async () => {
  expect(run({ pinnedKeysPem: [publicKeyToPem(PAIRS.stranger.publicKey)] })).toBe('4 SIGNATURE_UNVERIFIED');
  expect(run({ pinnedKeysPem: [] })).toBe('4 SIGNATURE_UNVERIFIED');
  expect(run({ now: new Date('2027-06-01T00:00:00.000Z') })).toBe('4 TRUST_ROOT_EXPIRED');
  expect(run({ trustRoot: Buffer.from('{}') })).toMatch(/^4 /);
  expect(run({ trustRoot: Buffer.from('not json') })).toBe('4 JSON_MALFORMED');
});

test('row 30: 4 for a revocation list that is missing, stale, of another issuer or not signed', async () => {
  const { revocationList: _, ...without } = input;
  expect(verifyBundleCommand(without)).toMatchObject({ exitCode: 4, answer: { detail: 'REVOCATIONS_UNAVAILABLE', facts: { problem: 'NOT_GIVEN' } } });
  const stale = await revocationEnvelope([], new Date(NOW.getTime() - 1));
  expect(verifyBundleCommand({ ...input, revocationList: stale })).toMatchObject({ exitCode: 4, answer: { facts: { problem: 'REVOCATION_LIST_STALE' } } });
  const content = { version: 1, issuedAt: new Date('2026-01-01T00:00:00Z'), validUntil: new Date('2027-01-01T00:00:00Z'), entries: [] };
  const other = await signRevocationList({ ...content, issuer: 'other' }, PAIRS.revocation);
  expect(verifyBundleCommand({ ...input, revocationList: other })).toMatchObject({ exitCode: 4, answer: { facts: { problem: 'REVOCATION_LIST_INVALID' } } });
  const forged = await signRevocationList({ ...content, issuer: 'acme' }, PAIRS.psdi);
  expect(verifyBundleCommand({ ...input, revocationList: forged })).toMatchObject({ exitCode: 4, answer: { facts: { problem: 'SIGNATURE_UNVERIFIED' } } });
});

test('a development root is only believed when no key is pinned, and its keys say what they are', async () => {
  const keys = KEYS.map((key) => ({ ...key, name: `dev:${key.name}` }));
  const document = buildDevelopmentTrustRoot({
    profile: 'development',
    version: 1,
    issuedAt: new Date('2026-01-01T00:00:00Z'),
    validUntil: new Date('2027-01-01T00:00:00Z'),
    keys,
    logs: [{ name: LOG_ORIGIN, fingerprint: PAIRS.log.publicKey.fingerprint }],
    witnesses: [],
    thresholds: [],
  });
  expect(run({ trustRoot: document, pinnedKeysPem: [] })).toBe('0 yes');
  expect(run({ trustRoot: document })).toMatch(/^4 /);
});
