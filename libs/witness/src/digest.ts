import { createHash } from 'node:crypto';
import { canonicalize } from '@stella/attestation';

/** Lower-case hex SHA-256. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** SHA-256 of a domain's name and a value's canonical JSON: two domains never share a digest. */
export function domainDigest(domain: string, value: unknown): string {
  return createHash('sha256').update(`${domain}\n`).update(canonicalize(value)).digest('hex');
}
