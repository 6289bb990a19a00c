import { buildDevelopmentTrustRoot, type KeyAlgorithm, KeyPair, type KeyRole, parseDevelopmentTrustRoot, type TrustedKey, type TrustRoot } from '@stella/attestation';

export const ORGANISATION = 'acme';
export const VERIFIER = 'https://acme.example/stella/gate';
export const LOG_ORIGIN = 'acme.example/log';
/** When the tests take place. */
export const NOW = new Date('2026-06-01T12:00:00.000Z');

const FROM = new Date('2026-01-01T00:00:00.000Z');
const UNTIL = new Date('2027-06-01T00:00:00.000Z');

/** Keys of the process that started this one. */
const given = JSON.parse(process.env['GATE_TEST_KEYS'] ?? '{}') as Readonly<Record<string, string>>;

function pair(name: string, algorithm: KeyAlgorithm = 'ed25519'): KeyPair {
  return given[name] === undefined ? KeyPair.generate(algorithm) : KeyPair.fromPem(given[name]);
}

/** Who signs what. */
export const KEYS = {
  psdi: pair('psdi'),
  frvf: pair('frvf'),
  log: pair('log'),
  verdict: pair('verdict', 'ecdsa-p256-sha256'),
  policy: pair('policy'),
  revocation: pair('revocation'),
  partner: pair('partner'),
  otherPartner: pair('otherPartner'),
  stranger: pair('stranger'),
} as const;

/** For a process that is to be of the same installation. */
export function keysForChild(): { readonly GATE_TEST_KEYS: string } {
  return { GATE_TEST_KEYS: JSON.stringify(Object.fromEntries(Object.entries(KEYS).map(([name, key]) => [name, key.toPem()]))) };
}

function key(name: keyof typeof KEYS, organisation: string, roles: readonly KeyRole[], verifierId?: string): TrustedKey {
  return { name: `dev:${name}`, publicKey: KEYS[name].publicKey, organisation, roles, validFrom: FROM, validUntil: UNTIL, ...(verifierId && { verifierId }) };
}

export const TRUSTED: readonly TrustedKey[] = [
  key('psdi', ORGANISATION, ['evidence']),
  key('frvf', ORGANISATION, ['evidence']),
  key('log', ORGANISATION, ['log']),
  key('verdict', ORGANISATION, ['verdict'], VERIFIER),
  key('policy', ORGANISATION, ['policy']),
  key('revocation', ORGANISATION, ['revocation']),
  key('partner', 'northwind', ['evidence']),
  key('otherPartner', 'contoso', ['evidence']),
];

export function trustRootOf(keys: readonly TrustedKey[] = TRUSTED): Uint8Array {
  const logs = [{ name: LOG_ORIGIN, fingerprint: KEYS.log.keyId }];
  return buildDevelopmentTrustRoot({ profile: 'development', version: 1, issuedAt: FROM, validUntil: UNTIL, keys, logs, witnesses: [], thresholds: [] });
}

export const TRUST_ROOT = trustRootOf();

export function openRoot(): TrustRoot {
  return parseDevelopmentTrustRoot(TRUST_ROOT, NOW);
}
