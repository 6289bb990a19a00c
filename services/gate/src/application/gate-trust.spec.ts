import { KeyPair, signTrustRoot, type TrustedKey } from '@stella/attestation';
import { KEYS, NOW, ORGANISATION, openRoot, TRUST_ROOT, TRUSTED, trustRootOf, VERIFIER } from '../../test/support/installation.js';
import { GateTrust } from './gate-trust.js';

const keys = { verdict: KEYS.verdict, policy: KEYS.policy, revocation: KEYS.revocation };
const without = (name: string): TrustedKey[] => TRUSTED.filter((key) => key.name !== `dev:${name}`);
const changed = (name: string, change: Partial<TrustedKey>): TrustedKey[] => TRUSTED.map((key) => (key.name === `dev:${name}` ? { ...key, ...change } : key));

test('a development root: its organisation, its log, and nobody who signed it', () => {
  const trust = new GateTrust(TRUST_ROOT, [], VERIFIER, keys, NOW);
  expect(trust).toMatchObject({ organisation: ORGANISATION, logOrigin: 'acme.example/log', rootKeyFingerprint: '' });
  expect(trust.current(NOW)).toEqual(openRoot());
});

test.each([
  ['the verdict key is not listed', without('verdict'), VERIFIER],
  ['the verdict key is of another verifier', TRUSTED, 'https://other.example/gate'],
  ['the policy key is not listed', without('policy'), VERIFIER],
  ['the policy key is another organisation’s', changed('policy', { organisation: 'northwind' }), VERIFIER],
  ['the revocation key may sign something else only', changed('revocation', { roles: ['evidence'] }), VERIFIER],
])('what no verifier would accept is not started: %s', (_, listed, verifierId) => {
  expect(() => new GateTrust(trustRootOf(listed), [], verifierId, keys, NOW)).toThrow(expect.objectContaining({ reason: 'CONFIG_INVALID' }));
});

test('a root that has ended', () => {
  const trust = new GateTrust(TRUST_ROOT, [], VERIFIER, keys, NOW);
  expect(() => trust.current(new Date('2028-01-01'))).toThrow(expect.objectContaining({ reason: 'TRUST_ROOT_EXPIRED' }));
});

test('a production root needs the key that it is signed with, and no development key passes for it', async () => {
  const rootKey = KeyPair.generate('ed25519');
  const { validUntil, issuedAt, logs } = openRoot();
  const listed = TRUSTED.map((key) => ({ ...key, name: key.name.slice('dev:'.length) }));
  const envelope = await signTrustRoot({ profile: 'production', version: 1, issuedAt, validUntil, keys: listed, logs, witnesses: [], thresholds: [] }, rootKey);
  expect(new GateTrust(envelope, [rootKey.publicKey], VERIFIER, keys, NOW).rootKeyFingerprint).toBe(rootKey.keyId);
  for (const [bytes, rootKeys] of [[envelope, []], [envelope, [KEYS.stranger.publicKey]], [TRUST_ROOT, [rootKey.publicKey]]] as const) {
    expect(() => new GateTrust(bytes, rootKeys, VERIFIER, keys, NOW)).toThrow();
  }
});
