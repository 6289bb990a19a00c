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
  const content = { tenant: 'acme', version: 1, issuedAt: new Date('2026-01-01T00:00:00Z'), validUntil: new Date('2027-01-01T00:00:00Z'), entries: [] };
  const other = await signRevocationList({ ...content, issuer: 'other' }, PAIRS.revocation);
  expect(verifyBundleCommand({ ...input, revocationList: other })).toMatchObject({ exitCode: 4, answer: { facts: { problem: 'REVOCATION_LIST_INVALID' } } });
  const forged = await signRevocationList({ ...content, issuer: 'acme' }, PAIRS.psdi);
  expect(verifyBundleCommand({ ...input, revocationList: forged })).toMatchObject({ exitCode: 4, answer: { facts: { problem: 'SIGNATURE_UNVERIFIED' } } });
});

describe('row 29: documents that were rolled back', () => {
  const seenAfter = (change: Partial<VerifyCommandInput>): Uint8Array => verifyBundleCommand({ ...input, ...change }).seen ?? new Uint8Array();

  test('a list below the version that is asked for', async () => {
    const list = async (version: number) => ({ revocationList: await revocationEnvelope([], undefined, version), minRevocationsVersion: 5 });
    expect(verifyBundleCommand({ ...input, ...(await list(4)) })).toMatchObject({ exitCode: 4, answer: { facts: { problem: 'REVOCATION_LIST_ROLLED_BACK' } } });
    expect(run(await list(5))).toBe('0 yes');
  });

  test('a list, or a trust root, older than what was seen before; and another content of the same version', async () => {
    const root2 = { trustRoot: await rootEnvelope(KEYS, 2) };
    const entries = [{ kind: 'verdict', id: 'a'.repeat(64), reason: 'withdrawn', at: NOW }] as const;
    const seen = seenAfter({ ...root2, revocationList: await revocationEnvelope([], undefined, 3), seen: new Uint8Array() });
    const again = async (version: number, list: Parameters<typeof revocationEnvelope>[0] = []) => verifyBundleCommand({ ...input, ...root2, seen, revocationList: await revocationEnvelope(list, undefined, version) });
    expect(await again(3)).toMatchObject({ exitCode: 0 });
    expect(await again(4, entries)).toMatchObject({ exitCode: 0 });
    for (const one of [await again(2), await again(3, entries)]) expect(one).toMatchObject({ exitCode: 4, answer: { facts: { problem: 'REVOCATION_LIST_ROLLED_BACK' } } });
    expect(run({ seen })).toBe('4 TRUST_ROOT_ROLLED_BACK');
  });

  test('what was seen only grows, a refused bundle included; nothing is kept of what is not believed', async () => {
    const seen = seenAfter({ seen: new Uint8Array(), subjects: [BASELINE] });
    expect(seen.length).toBeGreaterThan(0);
    expect(Buffer.from(seenAfter({ seen })).equals(seen)).toBe(true);
    const forged = await signRevocationList({ issuer: 'acme', tenant: 'acme', version: 9, issuedAt: new Date('2026-01-01T00:00:00Z'), validUntil: new Date('2027-01-01T00:00:00Z'), entries: [] }, PAIRS.psdi);
    expect(Buffer.from(seenAfter({ seen, revocationList: forged })).equals(seen)).toBe(true);
    expect(verifyBundleCommand(input).seen).toBeUndefined();
  });

  test.each([
    ['no JSON', 'x'],
    ['another format', '{"format":"stella-seen/2","lists":[],"trustRoot":null}'],
    ['a list without a version', `{"format":"stella-seen/1","lists":[{"digest":"${'a'.repeat(64)}","issuer":"acme","tenant":"acme"}],"trustRoot":null}`],
    ['a list that is no object', '{"format":"stella-seen/1","lists":[1],"trustRoot":null}'],
    ['too much', ' '.repeat(65 * 1024)],
  ])('a file of what was seen that is damaged is not the same as none: %s', (_, text) => {
    expect(run({ seen: Buffer.from(text) })).toBe('4 SEEN_INVALID');
  });

  test('so many lists are remembered, and no more', () => {
    const lists = Array.from({ length: 200 }, (_, at) => ({ digest: 'a'.repeat(64), issuer: 'acme', tenant: `t${at}`, version: 1 }));
    const full = Buffer.from(JSON.stringify({ format: 'stella-seen/1', lists, trustRoot: null }));
    expect(verifyBundleCommand({ ...input, seen: full })).toMatchObject({ exitCode: 4, answer: { facts: { problem: 'SEEN_INVALID' } } });
  });
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
