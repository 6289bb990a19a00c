import { buildDevelopmentTrustRoot, KeyPair, PREDICATE_TYPES, type Revocation, signRevocationList, signStatement, type TrustedKey } from '@stella/attestation';
import { compareIndexes } from '../src/compare/compare-indexes.js';
import { type DeltaProof, proveDelta } from '../src/proof/delta-proof.js';
import { testIndex, testUnit, testUnits } from './units.js';

export const NOW = new Date('2026-06-01T12:00:00.000Z');
const FROM = new Date('2026-01-01T00:00:00.000Z');
const UNTIL = new Date('2027-01-01T00:00:00.000Z');

export const SIGNER = KeyPair.generate('ed25519');
const REVOKER = KeyPair.generate('ed25519');
export const STRANGER = KeyPair.generate('ed25519');

/** A proof of which one unit of two changed, and the two artifacts that it is about. */
export function madeProof(): DeltaProof {
  const before = testIndex('old', testUnits(testUnit('fn:f', 'f'), testUnit('fn:g', 'g')));
  const after = testIndex('new', testUnits(testUnit('fn:f', 'changed'), testUnit('fn:g', 'g')));
  return proveDelta(before, after, compareIndexes(before, after));
}

export function signedProof(proof: object = madeProof(), signer: KeyPair = SIGNER, about: DeltaProof = madeProof()): Promise<Uint8Array> {
  const subjects = [about.old, about.new].map(({ artifactSha256 }, at) => ({ name: `side ${at}`, sha256: artifactSha256 }));
  return signStatement({ subjects, predicateType: PREDICATE_TYPES.deltaProof, predicate: proof }, signer);
}

/** A development root whose keys may sign evidence and revocations of one organisation. */
export function trustRoot(role: 'evidence' | 'pack-publisher' = 'evidence'): Uint8Array {
  const key = (name: string, { publicKey }: KeyPair, given: TrustedKey['roles'][number]): TrustedKey => ({ name: `dev:${name}`, publicKey, organisation: 'acme', roles: [given], validFrom: FROM, validUntil: UNTIL });
  return buildDevelopmentTrustRoot({
    profile: 'development', version: 1, issuedAt: FROM, validUntil: UNTIL, logs: [], witnesses: [], thresholds: [],
    keys: [key('psdi', SIGNER, role), key('revocation', REVOKER, 'revocation')],
  });
}

export function revocations(entries: readonly Pick<Revocation, 'kind' | 'id'>[] = [], validUntil = UNTIL): Promise<Uint8Array> {
  return signRevocationList({ issuer: 'acme', tenant: 'acme', version: 1, issuedAt: FROM, validUntil, entries: entries.map((entry) => ({ ...entry, reason: 'a test', at: FROM })) }, REVOKER);
}
