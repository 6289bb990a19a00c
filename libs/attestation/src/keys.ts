import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { DomainError } from '@stella/errors';
import { sha256Hex } from './digest.js';
import { isCanonicalEcdsaSignature, isCanonicalEd25519Point, isCanonicalEd25519Signature } from './key-encoding.js';

export type KeyAlgorithm = 'ed25519' | 'ecdsa-p256-sha256';

/** A verified-to-be-canonical public key; two objects are the same key exactly if their fingerprints are equal. */
export interface PublicKey {
  /** SHA-256 of `spki`, lower-case hexadecimal. */
  readonly fingerprint: string;
  readonly algorithm: KeyAlgorithm;
  /** SubjectPublicKeyInfo, DER: 44 bytes for Ed25519, 91 for P-256 (uncompressed point). */
  readonly spki: Uint8Array;
}

const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const ED25519_SPKI_LENGTH = 44;
const P256_SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
const P256_SPKI_LENGTH = 91;

/** SHA-256 of the DER SubjectPublicKeyInfo, lower-case hexadecimal. Keys are counted by it, never by a name. */
export function publicKeyFingerprint(spkiDer: Uint8Array): string {
  return sha256Hex(spkiDer);
}

/**
 * Reads a DER SubjectPublicKeyInfo (RFC 5480, RFC 8410) in its one canonical encoding. Compressed points, explicit
 * curve parameters, points off the curve and Ed25519 points of small order are refused.
 * @throws DomainError `KEY_MALFORMED`
 */
export function publicKeyFromSpki(der: Uint8Array): PublicKey {
  const spki = Uint8Array.from(der);
  const algorithm = algorithmOf(spki);
  if (algorithm === undefined) throw new DomainError('KEY_MALFORMED', { problem: 'not a canonical SPKI encoding' });
  if (algorithm === 'ed25519' && !isCanonicalEd25519Point(spki.subarray(ED25519_SPKI_PREFIX.length))) {
    throw new DomainError('KEY_MALFORMED', { problem: 'Ed25519 point of small order or not reduced' });
  }
  importSpki(spki);
  return { fingerprint: publicKeyFingerprint(spki), algorithm, spki };
}

/** @throws DomainError `KEY_MALFORMED` */
export function publicKeyFromPem(pem: string): PublicKey {
  const body = /^-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END PUBLIC KEY-----\s*$/.exec(pem)?.[1];
  if (body === undefined) throw new DomainError('KEY_MALFORMED', { problem: 'not a PEM public key' });
  return publicKeyFromSpki(Buffer.from(body, 'base64'));
}

export function publicKeyToPem(key: PublicKey): string {
  const body = Buffer.from(key.spki).toString('base64').replace(/.{64}(?!$)/g, '$&\n');
  return `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`;
}

/** @param raw 32 bytes as in RFC 8032, the form that signed notes use. @throws DomainError `KEY_MALFORMED` */
export function publicKeyFromEd25519(raw: Uint8Array): PublicKey {
  return publicKeyFromSpki(Buffer.concat([ED25519_SPKI_PREFIX, raw]));
}

/** The 32 bytes of RFC 8032. @throws DomainError `KEY_MALFORMED` for a key of another algorithm */
export function ed25519Bytes(key: PublicKey): Uint8Array {
  if (key.algorithm !== 'ed25519') throw new DomainError('KEY_MALFORMED', { problem: 'not an Ed25519 key' });
  return key.spki.slice(ED25519_SPKI_PREFIX.length);
}

/**
 * Verifies an Ed25519 (RFC 8032, canonical S) or ECDSA P-256 SHA-256 signature (strict DER, r and s in 1…n−1) over
 * `message`. Says false for every defect of the signature; it does not throw.
 */
export function verifySignature(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.algorithm === 'ed25519') {
    return isCanonicalEd25519Signature(signature) && verify(null, message, importSpki(key.spki), signature);
  }
  return isCanonicalEcdsaSignature(signature) && verify('sha256', message, importSpki(key.spki), signature);
}

function algorithmOf(spki: Uint8Array): KeyAlgorithm | undefined {
  if (startsWith(spki, ED25519_SPKI_PREFIX) && spki.length === ED25519_SPKI_LENGTH) return 'ed25519';
  if (startsWith(spki, P256_SPKI_PREFIX) && spki.length === P256_SPKI_LENGTH) return 'ecdsa-p256-sha256';
  return undefined;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0;
}

function importSpki(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new DomainError('KEY_MALFORMED', { problem: 'not a point of the curve' }, { cause });
  }
}
