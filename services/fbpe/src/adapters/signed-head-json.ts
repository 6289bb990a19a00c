import { ObjectReader, parseStrictJson } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { SignedHead } from '../application/ports.js';

export type Head = NonNullable<Awaited<ReturnType<SignedHead['read']>>>;

export const HEAD_BYTES_MAX = 1_000;

export function encodeHead({ size, rootHash }: Head): Buffer {
  return Buffer.from(`${JSON.stringify({ size, rootHash: Buffer.from(rootHash).toString('hex') })}\n`);
}

/** @throws DomainError `LOG_ROLLED_BACK` for what cannot be read as one: what was signed is then not known */
export function decodeHead(bytes: Uint8Array, place: string): Head {
  try {
    const reader = ObjectReader.of(parseStrictJson(bytes, { sizeBytesMax: HEAD_BYTES_MAX }), 'signedHead');
    const size = reader.integer('size', 0);
    return { size, rootHash: Buffer.from(reader.text('rootHash', { lengthMax: 64, pattern: /^[0-9a-f]{64}$/ }), 'hex') };
  } catch (cause) {
    throw new DomainError('LOG_ROLLED_BACK', { problem: 'the record of what was signed cannot be read', place }, { cause });
  }
}
