import { buildDevelopmentTrustRoot, KeyPair, signTrustRoot, type TrustedKey, type TrustRootInput } from '@stella/attestation';
import { InstallationTrust } from './trust.js';

const NOW = new Date('2026-06-01T12:00:00.000Z');
const DAY_MS = 86_400_000;
const rootKey = KeyPair.generate('ed25519');
const [evidence, retired, verdict, partner] = Array.from({ length: 4 }, () => KeyPair.generate('ed25519')) as [KeyPair, KeyPair, KeyPair, KeyPair];
const key = (name: string, pair: KeyPair, change: Partial<TrustedKey> = {}): TrustedKey => ({
  name, publicKey: pair.publicKey, organisation: 'acme.example', roles: ['evidence'], validFrom: new Date(NOW.getTime() - DAY_MS), validUntil: new Date(NOW.getTime() + DAY_MS), ...change,
});
const input: TrustRootInput = {
  profile: 'production',
  version: 1,
  issuedAt: new Date(NOW.getTime() - DAY_MS),
  validUntil: new Date(NOW.getTime() + DAY_MS),
  keys: [
    key('psdi', evidence),
    key('psdi-before', retired, { validUntil: NOW }),
    key('gate', verdict, { roles: ['verdict'], verifierId: 'https://acme.example/stella/gate' }),
    key('north', partner, { organisation: 'north.example' }),
  ],
  logs: [],
  witnesses: [],
  thresholds: [],
};
const open = async (envelope: Uint8Array | Promise<Uint8Array>, now = NOW) =>
  InstallationTrust.open({ trustRoot: Buffer.from(await envelope).toString('utf8'), rootKeys: [rootKey.publicKey], organisation: 'acme.example' }, now);

test('it says whom to believe, and which keys are our own', async () => {
  const trust = await open(signTrustRoot(input, rootKey));
  expect(trust.evidenceKeys.map(({ fingerprint }) => fingerprint)).toEqual([evidence.keyId, partner.keyId]);
  // A key whose time is over still made what is there.
  expect(trust.ownKeys('evidence').map(({ fingerprint }) => fingerprint)).toEqual([evidence.keyId, retired.keyId]);
  expect(trust.ownKeys('evidence', 'verdict').map(({ fingerprint }) => fingerprint)).toEqual([evidence.keyId, retired.keyId, verdict.keyId]);
});

test('a key that it does not list for us in the role signs nothing', async () => {
  const trust = await open(signTrustRoot(input, rootKey));
  expect(trust.requireOwn('evidence', 'STELLA_EVIDENCE_KEY', evidence)).toBe(evidence);
  for (const [role, pair] of [['verdict', evidence], ['evidence', partner], ['evidence', KeyPair.generate('ed25519')]] as const) {
    expect(() => trust.requireOwn(role, 'STELLA_X_KEY', pair)).toThrow(expect.objectContaining({ reason: 'CONFIG_INVALID', facts: { problems: expect.stringContaining('STELLA_X_KEY: the trust root does not list this key'), fingerprint: pair.keyId } }));
  }
});

test('a development root, one of another signer, one that has expired and one that is none are refused', async () => {
  const development = buildDevelopmentTrustRoot({ ...input, profile: 'development', keys: [key('dev:psdi', evidence)] });
  await expect(open(development)).rejects.toMatchObject({ reason: expect.stringMatching(/^(ENVELOPE_MALFORMED|DOCUMENT_SHAPE_INVALID)$/) });
  await expect(open(signTrustRoot(input, KeyPair.generate('ed25519')))).rejects.toMatchObject({ reason: 'SIGNATURE_UNVERIFIED' });
  await expect(open(signTrustRoot(input, rootKey), new Date(NOW.getTime() + DAY_MS))).rejects.toMatchObject({ reason: 'TRUST_ROOT_EXPIRED' });
  await expect(open(Buffer.from('none'))).rejects.toMatchObject({ reason: expect.stringMatching(/^(JSON_MALFORMED|ENVELOPE_MALFORMED)$/) });
});
