import { canonicalize, sha256Hex } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { limits } from './limits.js';
import type { WitnessCore } from './witness.js';

/**
 * The arguments as a blob (a JSON array of strings, RFC 8785) and how a witness refers to it.
 *
 * @throws DomainError WITNESS_INVALID
 */
export function encodeArguments(args: readonly string[]): { readonly blob: Uint8Array; readonly reference: WitnessCore['arguments'] } {
  const tooLong = args.findIndex((arg) => Buffer.byteLength(arg) > limits.argumentBytesMax || arg.includes('\u0000'));
  if (args.length > limits.argumentsMax || tooLong >= 0) {
    const problem = tooLong >= 0 ? `argument ${tooLong} is too long or holds a NUL` : `more than ${limits.argumentsMax}`;
    throw new DomainError('WITNESS_INVALID', { member: 'arguments', problem });
  }
  const blob = canonicalize(args);
  return { blob, reference: { sha256: sha256Hex(blob), sizeBytes: blob.length, count: args.length } };
}
