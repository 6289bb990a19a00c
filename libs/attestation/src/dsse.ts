import { DomainError } from '@stella/errors';
import { decodeBase64, encodeBase64 } from './base64.js';
import { canonicalize } from './canonical-json.js';
import { sha256Hex } from './digest.js';
import { type PublicKey, verifySignature } from './keys.js';
import type { Signer } from './key-pair.js';
import { type JsonValue, isJsonObject } from './json-value.js';
import { parseCanonicalJson } from './strict-json.js';

export const IN_TOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** Limit for an envelope whose caller knows no narrower one. */
export const ENVELOPE_SIZE_BYTES_MAX = 24 * 1024 * 1024;

export interface Envelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

export interface VerifiedEnvelope {
  /** Exactly the bytes that the signature covers; nothing else may be parsed. */
  readonly payload: Uint8Array;
  /** SHA-256 of `payload`, lower-case hexadecimal: the identity of what was signed. */
  readonly payloadDigest: string;
  readonly key: PublicKey;
}

export interface EnvelopeExpectation {
  readonly payloadType: string;
  readonly sizeBytesMax?: number;
}

/** Pre-authentication encoding, DSSE v1 (secure-systems-lab/dsse protocol.md). Lengths are bytes. */
export function pae(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType, 'utf8');
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
}

/**
 * Signs a payload: canonical JSON of a DSSE envelope with one signature and an empty keyid.
 * @throws DomainError `SIGNER_ALGORITHM_MISMATCH` if the signer's own public key does not verify what it made
 */
export async function signEnvelope(payloadType: string, payload: Uint8Array, signer: Signer): Promise<Uint8Array> {
  const message = pae(payloadType, payload);
  const signature = await signer.sign(message);
  if (!verifySignature(signer.publicKey, message, signature)) {
    throw new DomainError('SIGNER_ALGORITHM_MISMATCH', { keyId: signer.keyId });
  }
  return encodeEnvelope({ payloadType, payload, signature });
}

export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return canonicalize({
    payload: encodeBase64(envelope.payload),
    payloadType: envelope.payloadType,
    signatures: [{ keyid: '', sig: encodeBase64(envelope.signature) }],
  });
}

/**
 * Reads an envelope without checking its signature: the payload must not be used until `verifyEnvelope` said yes.
 * @throws DomainError `JSON_MALFORMED`, `JSON_NOT_CANONICAL` or `ENVELOPE_MALFORMED`
 */
export function parseEnvelope(bytes: Uint8Array, sizeBytesMax = ENVELOPE_SIZE_BYTES_MAX): Envelope {
  const envelope = parseCanonicalJson(bytes, { sizeBytesMax });
  if (!hasExactly(envelope, ['payload', 'payloadType', 'signatures'])) return malformed('members');
  const { payload, payloadType, signatures } = envelope;
  if (typeof payloadType !== 'string' || payloadType === '') return malformed('payloadType');
  if (!Array.isArray(signatures) || signatures.length !== 1) return malformed('exactly one signature expected');
  const signature = signatures[0] as JsonValue;
  if (!hasExactly(signature, ['keyid', 'sig']) && !hasExactly(signature, ['sig'])) return malformed('signature members');
  if ((signature['keyid'] ?? '') !== '') return malformed('keyid not empty');
  return { payloadType, payload: base64(payload, 'payload'), signature: base64(signature['sig'], 'sig') };
}

/**
 * Verifies an envelope against the keys that the caller trusts for this purpose. The keyid decides nothing.
 * @throws DomainError as `parseEnvelope`, then `ENVELOPE_PAYLOAD_TYPE_MISMATCH`, then `SIGNATURE_UNVERIFIED`
 */
export function verifyEnvelope(
  bytes: Uint8Array,
  keys: Iterable<PublicKey>,
  expected: EnvelopeExpectation,
): VerifiedEnvelope {
  const { payloadType, payload, signature } = parseEnvelope(bytes, expected.sizeBytesMax);
  if (payloadType !== expected.payloadType) {
    throw new DomainError('ENVELOPE_PAYLOAD_TYPE_MISMATCH', {
      expected: expected.payloadType,
      actual: payloadType.slice(0, 200),
    });
  }
  const message = pae(payloadType, payload);
  let keysTried = 0;
  for (const key of keys) {
    keysTried += 1;
    if (verifySignature(key, message, signature)) return { payload, payloadDigest: sha256Hex(payload), key };
  }
  throw new DomainError('SIGNATURE_UNVERIFIED', { keysTried: String(keysTried) });
}

function hasExactly<K extends string>(
  value: JsonValue,
  names: readonly K[],
): value is Readonly<Record<K, JsonValue>> & { readonly [name: string]: JsonValue } {
  return (
    isJsonObject(value) &&
    Object.keys(value).length === names.length &&
    names.every((name) => Object.hasOwn(value, name))
  );
}

function base64(value: JsonValue | undefined, member: string): Uint8Array {
  const bytes = typeof value === 'string' ? decodeBase64(value) : undefined;
  return bytes ?? malformed(`${member} is not canonical base64`);
}

function malformed(problem: string): never {
  throw new DomainError('ENVELOPE_MALFORMED', { problem });
}
