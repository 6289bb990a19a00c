import { createHash } from 'node:crypto';
import { canonicalize } from '@stella/attestation';

/** SHA-256 of a domain's name and a value's canonical JSON: two domains never share a digest. */
export function domainDigest(domain: string, value: unknown): string {
  return createHash('sha256').update(`${domain}\n`).update(canonicalize(value)).digest('hex');
}
