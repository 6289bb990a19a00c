import { KeyPair, type KeyRole, type RevocationList, signRevocationList, signTrustRoot, type TrustedKey, type TrustRoot, verifyRevocationList, verifyTrustRoot, type Revocation } from '@stella/attestation';

export const NOW = new Date('2026-06-01T12:00:00.000Z');
export const LOG_ORIGIN = 'acme.example/log';
export const VERIFIER = 'https://acme.example/stella';
export const OTHER_VERIFIER = 'https://other.example/stella';

const FROM = new Date('2026-01-01T00:00:00.000Z');
const UNTIL = new Date('2027-01-01T00:00:00.000Z');

/** Who signs what in the tests. */
export const PAIRS = {
  gate: KeyPair.generate('ecdsa-p256-sha256'),
  psdi: KeyPair.generate('ed25519'),
  policy: KeyPair.generate('ed25519'),
  log: KeyPair.generate('ed25519'),
  revocation: KeyPair.generate('ed25519'),
  approver: KeyPair.generate('ed25519'),
  partner: KeyPair.generate('ed25519'),
  partnerAgain: KeyPair.generate('ed25519'),
  secondPartner: KeyPair.generate('ed25519'),
  otherGate: KeyPair.generate('ecdsa-p256-sha256'),
  stranger: KeyPair.generate('ecdsa-p256-sha256'),
} as const;
export type PairName = keyof typeof PAIRS;

const ROOT_KEY = KeyPair.generate('ed25519');

function trusted(name: PairName, organisation: string, roles: readonly KeyRole[], verifierId?: string): TrustedKey {
  const { publicKey } = PAIRS[name];
  return { name, publicKey, organisation, roles, validFrom: FROM, validUntil: UNTIL, ...(verifierId !== undefined && { verifierId }) };
}

export const KEYS: readonly TrustedKey[] = [
  trusted('gate', 'acme', ['verdict'], VERIFIER),
  trusted('psdi', 'acme', ['evidence']),
  trusted('policy', 'acme', ['policy']),
  trusted('log', 'acme', ['log']),
  trusted('revocation', 'acme', ['revocation']),
  trusted('approver', 'acme', ['waiver']),
  trusted('partner', 'northwind', ['evidence']),
  trusted('partnerAgain', 'northwind', ['evidence']),
  trusted('secondPartner', 'contoso', ['evidence']),
];
export const OTHER_TENANT_KEY = trusted('otherGate', 'other', ['verdict'], OTHER_VERIFIER);

export async function rootOf(keys: readonly TrustedKey[] = KEYS, version = 1): Promise<TrustRoot> {
  return verifyTrustRoot(await rootEnvelope(keys, version), [ROOT_KEY.publicKey], NOW);
}

export const ROOT_PEM_KEY = ROOT_KEY.publicKey;

export function rootEnvelope(keys: readonly TrustedKey[] = KEYS, version = 1): Promise<Uint8Array> {
  const logs = keys.filter(({ roles }) => roles.includes('log')).map(({ publicKey }) => ({ name: LOG_ORIGIN, fingerprint: publicKey.fingerprint }));
  return signTrustRoot({ profile: 'production', version, issuedAt: FROM, validUntil: UNTIL, keys, logs, witnesses: [], thresholds: [] }, ROOT_KEY);
}

export function revocationEnvelope(entries: readonly Revocation[] = [], validUntil = UNTIL, version = 1): Promise<Uint8Array> {
  return signRevocationList({ issuer: 'acme', tenant: 'acme', version, issuedAt: FROM, validUntil, entries }, PAIRS.revocation);
}

export async function revocationsOf(root: TrustRoot, entries: readonly Revocation[] = []): Promise<RevocationList> {
  return verifyRevocationList(await revocationEnvelope(entries), root, { issuer: 'acme', now: NOW });
}
