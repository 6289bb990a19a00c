import { DomainError } from '@stella/errors';
import { canonicalize } from './canonical-json.js';
import { JsonParser } from './json-parser.js';
import type { JsonValue } from './json-value.js';

export interface StrictJsonLimits {
  readonly sizeBytesMax: number;
}

/** Limit for documents whose caller knows no narrower one. */
export const JSON_SIZE_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Parses one JSON value (RFC 8259) under the rules for signed documents: UTF-8 without BOM, no member names that are
 * equal after case folding, whole numbers |n| < 2^53 without fraction, exponent or negative zero, no lone surrogates,
 * at most 64 levels, nothing after the value.
 * @throws DomainError `JSON_MALFORMED` with `problem` and `positionBytes`
 */
export function parseStrictJson(bytes: Uint8Array, limits: StrictJsonLimits): JsonValue {
  if (bytes.length > limits.sizeBytesMax) {
    throw new DomainError('JSON_MALFORMED', {
      problem: 'too large',
      sizeBytes: String(bytes.length),
      sizeBytesMax: String(limits.sizeBytesMax),
    });
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw new DomainError('JSON_MALFORMED', { problem: 'byte order mark', positionBytes: '0' });
  }
  return new JsonParser(decodeUtf8(bytes)).document();
}

/**
 * As `parseStrictJson`, and the bytes must be the canonical form (RFC 8785) of the value.
 * @throws DomainError `JSON_MALFORMED` or `JSON_NOT_CANONICAL`
 */
export function parseCanonicalJson(bytes: Uint8Array, limits: StrictJsonLimits): JsonValue {
  const value = parseStrictJson(bytes, limits);
  if (!Buffer.from(canonicalize(value)).equals(bytes)) throw new DomainError('JSON_NOT_CANONICAL');
  return value;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new DomainError('JSON_MALFORMED', { problem: 'not UTF-8' }, { cause });
  }
}
