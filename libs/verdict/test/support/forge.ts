import { canonicalize, signStatement, type JsonValue, type Signer } from '@stella/attestation';
import { encodeBundle, parseBundle, summaryStatement, verdictId, verdictStatement, type Bundle, type Verdict } from '../../src/index.js';
import { PAIRS } from './keys.js';
import type { World } from './world.js';

/** The bundle of a gate whose signing key is in the wrong hands: what it states is changed, and signed well. */
export async function forged({ issued }: World, change: Partial<Verdict>, parts: Partial<Bundle> = {}, signer: Signer = PAIRS.gate): Promise<Uint8Array> {
  const verdict: Verdict = { ...issued.verdict, ...change };
  const vsas = verdict.outcome === 'ALLOW' ? [await signStatement(summaryStatement(verdict, verdictId(verdict)), signer)] : [];
  return encodeBundle({ ...parseBundle(issued.bundle), verdict: await signStatement(verdictStatement(verdict), signer), vsas, ...parts });
}

/** The same bundle with other parts, the verdict unchanged. */
export function replaced({ issued }: World, parts: (bundle: Bundle) => Partial<Bundle>): Uint8Array {
  const bundle = parseBundle(issued.bundle);
  return encodeBundle({ ...bundle, ...parts(bundle) });
}

export const canonicalText = (value: JsonValue): string => Buffer.from(canonicalize(value)).toString('utf8');
