import { DomainError } from '@stella/errors';
import { limits } from '../limits.js';
import { goPanic } from './go-panic-1.js';

export interface Output {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** Removes from a program's output what may differ between runs that did the same; pure and versioned by its id. */
export type Canonicalise = (output: Output) => Output;

const CANONICALISERS: ReadonlyMap<string, Canonicalise> = new Map<string, Canonicalise>([
  ['identity/1', (output) => output],
  ['go-panic/1', ({ stdout, stderr }) => ({ stdout, stderr: goPanic(stderr) })],
]);

export const CANONICALISER_IDS: readonly string[] = [...CANONICALISERS.keys()];

/**
 * Looks a canonicaliser up.
 *
 * @throws DomainError CANONICALISER_UNKNOWN; the function it returns throws OUTPUT_TOO_LARGE
 */
export function canonicaliser(id: string): Canonicalise {
  const known = CANONICALISERS.get(id);
  if (!known) throw new DomainError('CANONICALISER_UNKNOWN', { id: id.slice(0, 100), known: CANONICALISER_IDS.join(', ') });
  return (output) => {
    const sizeBytes = Math.max(output.stdout.length, output.stderr.length);
    if (sizeBytes > limits.outputBytesMax) {
      throw new DomainError('OUTPUT_TOO_LARGE', { sizeBytes: String(sizeBytes), sizeBytesMax: String(limits.outputBytesMax) });
    }
    return known(output);
  };
}
