import { createHash } from 'node:crypto';
import { decodeBase64, ed25519Bytes, encodeBase64, type PublicKey, publicKeyFromEd25519 } from '@stella/attestation';
import { DomainError } from '@stella/errors';

/** Signature types of C2SP signed-note that are supported: plain Ed25519, and tlog-cosignature v1. */
export const NOTE_KEY_TYPES = { ed25519: 0x01, cosignature: 0x04 } as const;
export type NoteKeyType = keyof typeof NOTE_KEY_TYPES;

/** A verifier key: who signs (a log's origin, a witness's name), how, and with which key. */
export interface NoteKey {
  readonly name: string;
  readonly type: NoteKeyType;
  readonly publicKey: PublicKey;
  /** First four bytes of SHA-256(name, newline, type, key), big-endian: a hint, not an identity. */
  readonly keyId: number;
}

/** @throws DomainError `TLOG_NOTE_MALFORMED` for a bad name, `KEY_MALFORMED` for a key that is not Ed25519 */
export function noteKey(name: string, type: NoteKeyType, publicKey: PublicKey): NoteKey {
  if (!isKeyName(name)) throw new DomainError('TLOG_NOTE_MALFORMED', { problem: 'key name', name: name.slice(0, 200) });
  const keyId = createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.of(NOTE_KEY_TYPES[type]))
    .update(ed25519Bytes(publicKey))
    .digest()
    .readUInt32BE();
  return { name, type, publicKey, keyId };
}

export function isKeyName(name: string): boolean {
  return name.isWellFormed() && /^[^\s+\p{White_Space}\p{Cc}]+$/u.test(name);
}

/** The `vkey` text of signed-note: `<name>+<hex key id>+<base64 of type and key>`. */
export function formatVerifierKey(key: NoteKey): string {
  const material = Buffer.concat([Buffer.of(NOTE_KEY_TYPES[key.type]), ed25519Bytes(key.publicKey)]);
  return `${key.name}+${hexKeyId(key.keyId)}+${encodeBase64(material)}`;
}

/** @throws DomainError `TLOG_NOTE_MALFORMED` or `KEY_MALFORMED` */
export function parseVerifierKey(text: string): NoteKey {
  const match = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  const material = match?.[3] === undefined ? undefined : decodeBase64(match[3]);
  const type = Object.entries(NOTE_KEY_TYPES).find(([, byte]) => byte === material?.[0])?.[0];
  if (match?.[1] === undefined || material === undefined || type === undefined) {
    throw new DomainError('TLOG_NOTE_MALFORMED', { problem: 'verifier key' });
  }
  const key = noteKey(match[1], type as NoteKeyType, publicKeyFromEd25519(material.subarray(1)));
  if (hexKeyId(key.keyId) !== match[2]) throw new DomainError('TLOG_NOTE_MALFORMED', { problem: 'key id' });
  return key;
}

function hexKeyId(keyId: number): string {
  return keyId.toString(16).padStart(8, '0');
}
