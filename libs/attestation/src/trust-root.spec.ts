import { asyncReasonOf, reasonOf, refusal } from '@stella/testing';
import { canonicalize } from './canonical-json.js';
import { KeyPair } from './key-pair.js';
import { PREDICATE_TYPES } from './predicate-types.js';
import { signStatement } from './statement.js';
import { independentOrganisations, mayVerifyAs, meetsThreshold, trustedKey, trustedKeys } from './trusted-keys.js';
import {
  buildDevelopmentTrustRoot,
  parseDevelopmentTrustRoot,
  requireTrustRootNotOlder,
  signTrustRoot,
  verifyTrustRoot,
} from './trust-root.js';
import { type TrustedKey, type TrustRootInput, toTrustRootDocument } from './trust-root-document.js';

const day = (n: number) => new Date(Date.UTC(2026, 0, n));
const rootKey = KeyPair.generate('ed25519');
const [k1, k2, k3, k4] = Array.from({ length: 4 }, () => KeyPair.generate('ed25519').publicKey);
const p256 = KeyPair.generate('ecdsa-p256-sha256').publicKey;

const key = (name: string, change: Partial<TrustedKey> & Pick<TrustedKey, 'publicKey'>): TrustedKey => ({
  name,
  organisation: 'acme.example',
  roles: ['evidence'],
  validFrom: day(1),
  validUntil: day(100),
  ...change,
});
const input: TrustRootInput = {
  profile: 'production',
  version: 2,
  issuedAt: day(1),
  validUntil: day(30),
  keys: [
    key('gate', { publicKey: p256, roles: ['verdict', 'evidence'], verifierId: 'https://stella-ops.org/verifier/acme' }),
    key('log', { publicKey: k1!, roles: ['log', 'evidence'] }),
    key('w1', { publicKey: k2!, roles: ['witness', 'evidence'], organisation: 'north.example' }),
    key('w1-next', { publicKey: k3!, roles: ['evidence'], organisation: 'north.example', validFrom: day(10) }),
    key('w2', { publicKey: k4!, roles: ['witness'], organisation: 'south.example', validUntil: day(12) }),
  ],
  logs: [{ name: 'acme.example/log', fingerprint: k1!.fingerprint }],
  witnesses: [
    { name: 'north.example/w1', fingerprint: k2!.fingerprint },
    { name: 'south.example/w2', fingerprint: k4!.fingerprint },
  ],
  thresholds: [{ role: 'witness', organisations: 2 }],
};
const development: TrustRootInput = {
  profile: 'development',
  version: 1,
  issuedAt: day(1),
  validUntil: day(30),
  keys: [key('dev:node', { publicKey: k1!, roles: ['evidence', 'log'] })],
  logs: [],
  witnesses: [],
  thresholds: [],
};
const verify = async (change: Partial<TrustRootInput>, now = day(5)) =>
  verifyTrustRoot(await signTrustRoot({ ...input, ...change }, rootKey), [rootKey.publicKey], now);

test('reads back what was signed, and says by whom', async () => {
  const root = await verify({});
  expect(root).toMatchObject(input);
  expect(root.signedBy?.fingerprint).toBe(rootKey.keyId);
  expect(root.digest).toMatch(/^[0-9a-f]{64}$/);
});

test('only the pinned key counts', async () => {
  const envelope = await signTrustRoot(input, rootKey);
  expect(reasonOf(() => verifyTrustRoot(envelope, [k1!], day(5)))).toBe('SIGNATURE_UNVERIFIED');
  expect(reasonOf(() => verifyTrustRoot(envelope, [], day(5)))).toBe('SIGNATURE_UNVERIFIED');
});

test('is valid from its issue (with clock skew) until before its end', async () => {
  expect(await asyncReasonOf(() => verify({}, day(30)))).toBe('TRUST_ROOT_EXPIRED');
  expect(await asyncReasonOf(() => verify({}, new Date(day(1).getTime() - 5 * 60_000 - 1)))).toBe('TRUST_ROOT_EXPIRED');
  await verify({}, new Date(day(1).getTime() - 5 * 60_000));
  await verify({}, new Date(day(30).getTime() - 1));
});

test('attack 29: a rolled-back root, or another one of the same version', async () => {
  const seen = await verify({});
  requireTrustRootNotOlder(seen, await verify({}));
  requireTrustRootNotOlder(seen, await verify({ version: 3 }));
  const older = await verify({ version: 1 });
  expect(reasonOf(() => requireTrustRootNotOlder(seen, older))).toBe('TRUST_ROOT_ROLLED_BACK');
  const twin = await verify({ validUntil: day(31) });
  expect(reasonOf(() => requireTrustRootNotOlder(seen, twin))).toBe('TRUST_ROOT_ROLLED_BACK');
});

test.each([0, -1])('attack 28: a threshold of %d', async (organisations) => {
  expect(await asyncReasonOf(() => verify({ thresholds: [{ role: 'witness', organisations }] }))).toBe('TRUST_ROOT_INVALID');
});

test.each(['.*', 'acme.*', '^acme$', 'acme|north', 'acme.', '.acme', 'ACME', ''])(
  'attack 33: an organisation %j is a name, never a pattern',
  async (organisation) => {
    const keys = [key('gate', { publicKey: p256, organisation })];
    expect(await asyncReasonOf(() => verify({ keys, logs: [], witnesses: [], thresholds: [] }))).toBe('TRUST_ROOT_INVALID');
  },
);

test.each(['.*', 'https://.*', 'https://stella-ops.org/verifier/(a|b)', 'https://stella-ops.org/verifier/*', 'http://a.example/x'])(
  'attack 33: a verifier id %j is a URI, never a pattern',
  async (verifierId) => {
    const keys = [key('gate', { publicKey: p256, roles: ['verdict'], verifierId })];
    expect(await asyncReasonOf(() => verify({ keys, logs: [], witnesses: [], thresholds: [] }))).toBe('TRUST_ROOT_INVALID');
  },
);

test('attack 33: a member such as verifierIdPattern is refused, not skipped', async () => {
  const document = toTrustRootDocument(input) as { keys: object[] };
  const predicate = { ...document, keys: [{ ...document.keys[0], verifierIdPattern: '.*' }] };
  const envelope = await signStatement(
    { subjects: [{ name: 'trust-root', sha256: 'a'.repeat(64) }], predicateType: PREDICATE_TYPES.trustRoot, predicate },
    rootKey,
  );
  expect(refusal(() => verifyTrustRoot(envelope, [rootKey.publicKey], day(5))).reason).toBe('TRUST_ROOT_INVALID');
});

test.each<[string, Partial<TrustRootInput>]>([
  ['no key', { keys: [], logs: [], witnesses: [], thresholds: [] }],
  ['attack 27: one key under two names', { keys: [...input.keys, key('again', { publicKey: k1! })] }],
  ['two keys of one name', { keys: [...input.keys, key('gate', { publicKey: rootKey.publicKey })] }],
  ['a key without role', { keys: [...input.keys, key('x', { publicKey: rootKey.publicKey, roles: [] })] }],
  ['a role listed twice', { keys: [...input.keys, key('x', { publicKey: rootKey.publicKey, roles: ['log', 'log'] })] }],
  ['an unknown role', { keys: [...input.keys, key('x', { publicKey: rootKey.publicKey, roles: ['admin' as never] })] }],
  ['a verdict key without verifier id', { keys: [...input.keys, key('x', { publicKey: rootKey.publicKey, roles: ['verdict'] })] }],
  ['a key that ends before it begins', { keys: [...input.keys, key('x', { publicKey: rootKey.publicKey, validUntil: day(1) })] }],
  ['a root that ends before it begins', { validUntil: day(1) }],
  ['version 0', { version: 0 }],
  ['a version that is no integer', { version: '2' as never }],
  ['a log without listed key', { logs: [{ name: 'acme.example/log', fingerprint: 'a'.repeat(64) }] }],
  ['a log whose key has another role', { logs: [{ name: 'acme.example/log', fingerprint: k2!.fingerprint }] }],
  ['a log listed twice', { logs: [input.logs[0]!, input.logs[0]!] }],
  ['a witness with a P-256 key', {
    keys: [...input.keys, key('x', { publicKey: KeyPair.generate('ecdsa-p256-sha256').publicKey, roles: ['witness'] })],
    witnesses: [{ name: 'x.example/w', fingerprint: 'later' }],
  }],
  ['a threshold that the root cannot meet', { thresholds: [{ role: 'witness', organisations: 3 }] }],
  ['two thresholds for one role', { thresholds: [{ role: 'witness', organisations: 1 }, { role: 'witness', organisations: 2 }] }],
])('refuses %s', async (_what, change) => {
  const keys = change.keys ?? input.keys;
  const witnesses = change.witnesses?.map((witness) => ({ ...witness, fingerprint: keys.at(-1)!.publicKey.fingerprint }));
  expect(await asyncReasonOf(() => verify({ ...change, ...(witnesses && { witnesses }) }))).toBe('TRUST_ROOT_INVALID');
});

test('development keys and production roots exclude each other', async () => {
  const devKey = [...input.keys, key('dev:x', { publicKey: rootKey.publicKey })];
  expect(await asyncReasonOf(() => verify({ keys: devKey }))).toBe('TRUST_ROOT_DEVELOPMENT_KEY');
  expect(await asyncReasonOf(() => verify({ profile: 'development' }))).toBe('TRUST_ROOT_DEVELOPMENT_KEY');
  expect(reasonOf(() => buildDevelopmentTrustRoot(input))).toBe('TRUST_ROOT_INVALID');
  expect(reasonOf(() => buildDevelopmentTrustRoot({ ...development, profile: 'production' }))).toBe('TRUST_ROOT_INVALID');
  expect(reasonOf(() => parseDevelopmentTrustRoot(canonicalize(toTrustRootDocument(input)), day(5)))).toBe('TRUST_ROOT_INVALID');
});

test('a development root is plain canonical JSON that expires like any other', () => {
  const bytes = buildDevelopmentTrustRoot(development);
  expect(parseDevelopmentTrustRoot(bytes, day(5))).toMatchObject({ ...development, signedBy: undefined });
  expect(reasonOf(() => parseDevelopmentTrustRoot(bytes, day(31)))).toBe('TRUST_ROOT_EXPIRED');
  expect(reasonOf(() => parseDevelopmentTrustRoot(Buffer.from('[]'), day(5)))).toBe('TRUST_ROOT_INVALID');
});

test('keys that do not match what is said about them', () => {
  const document = toTrustRootDocument(development) as { keys: [object] };
  const change = (members: object) => canonicalize({ ...document, keys: [{ ...document.keys[0], ...members }] });
  for (const members of [{ fingerprint: k2!.fingerprint }, { algorithm: 'ecdsa-p256-sha256' }, { spki: 'e30' }, { spki: 'e30=' }]) {
    expect(reasonOf(() => parseDevelopmentTrustRoot(change(members), day(5)))).toBe('TRUST_ROOT_INVALID');
  }
});

test('keys by role and time', async () => {
  const root = await verify({});
  const names = (role: 'evidence' | 'witness', at: Date) => trustedKeys(root, role, at).map(({ name }) => name);
  expect(names('evidence', day(5))).toEqual(['gate', 'log', 'w1']);
  expect(names('evidence', day(10))).toEqual(['gate', 'log', 'w1', 'w1-next']);
  expect(names('witness', day(11))).toEqual(['w1', 'w2']);
  expect(names('witness', day(12))).toEqual(['w1']);
  expect(trustedKey(root, k4!.fingerprint)?.name).toBe('w2');
  expect(trustedKey(root, 'x')).toBeUndefined();
});

test('attack 14: a key verifies under its own verifier id only', async () => {
  const [gate, log] = (await verify({})).keys;
  expect(mayVerifyAs(gate!, 'https://stella-ops.org/verifier/acme')).toBe(true);
  expect(mayVerifyAs(gate!, 'https://stella-ops.org/verifier/other')).toBe(false);
  expect(mayVerifyAs(log!, 'https://stella-ops.org/verifier/acme')).toBe(false);
});

test('attack 27: counts organisations by distinct keys', async () => {
  const root = await verify({});
  const count = (role: 'evidence' | 'witness', keys: typeof p256[], at = day(11)) => independentOrganisations(root, role, keys, at).size;
  expect(count('witness', [k2!, k2!, k2!])).toBe(1);
  expect(count('evidence', [k2!, k3!])).toBe(1);
  expect(count('witness', [k2!, k4!])).toBe(2);
  expect(count('witness', [k2!, k4!], day(12))).toBe(1);
  expect(count('witness', [k1!, rootKey.publicKey])).toBe(0);
  expect(meetsThreshold(root, 'witness', [k2!, k4!], day(11))).toBe(true);
  expect(meetsThreshold(root, 'witness', [k2!, k2!], day(11))).toBe(false);
  expect(meetsThreshold(root, 'evidence', [k2!, k1!], day(11))).toBe(false);
});
