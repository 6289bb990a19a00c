import { fingerprint, type Fingerprints } from './fingerprint.js';
import type { NormalisedTrace } from './model/normalised-trace.js';
import { normaliseTrace, type NormaliseOptions } from './normalise/normalise.js';
import { parseNative } from './parse/native.js';
import { parseTrace } from './parse/parse-trace.js';

/** What is stored of a stack: nothing in it names a person or a machine. */
export interface AnalysedStack {
  readonly trace: NormalisedTrace;
  readonly fingerprints: Fingerprints;
}

/**
 * From a stack, as printed text or as the structured stack of a capsule, to its storable form and fingerprints.
 *
 * @throws DomainError STACK_EMPTY, STACK_TOO_LARGE, STACK_MALFORMED
 */
export function analyseStack(stack: string | object, options: NormaliseOptions = {}): AnalysedStack {
  const raw = typeof stack === 'string' ? parseTrace(stack) : parseNative(stack);
  const trace = normaliseTrace(raw, options);
  return { trace, fingerprints: fingerprint(trace) };
}
