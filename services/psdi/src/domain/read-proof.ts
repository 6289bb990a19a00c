import type { PublicKey } from '@stella/attestation';
import { type EnvelopeFault, EnvelopeRefused, type IndexRef, openProof, type OpenedProof, type ProofFault, verifyDeltaProof } from '@stella/binary-delta';
import type { ErrorFacts } from '@stella/errors';

/** What an envelope is about, if a trusted key signed it; the proof in it is not yet checked. */
export type EnvelopeFinding =
  | { readonly ok: true; readonly old: IndexRef; readonly new: IndexRef; /** Fingerprint. */ readonly signer: string }
  | { readonly ok: false; readonly refusal: EnvelopeFault; readonly detail: string };

export type ProofFinding =
  /** `classesDeclared`: units whose class is the signer's word. */
  | { readonly ok: true; readonly classesDeclared: number }
  | { readonly ok: false; readonly refusal: ProofFault; readonly facts: ErrorFacts };

export interface IndexPair {
  readonly old: IndexRef;
  readonly new: IndexRef;
}

/** Undefined beside a refusal. */
export interface ReadProof {
  readonly finding: EnvelopeFinding;
  readonly proof: OpenedProof | undefined;
}

export function readProof(envelope: Uint8Array, keys: Iterable<PublicKey>, sizeBytesMax: number): ReadProof {
  try {
    const proof = openProof(envelope, keys, sizeBytesMax);
    return { finding: { ok: true, old: proof.old, new: proof.new, signer: proof.signer.fingerprint }, proof };
  } catch (error) {
    if (error instanceof EnvelopeRefused) return { finding: { ok: false, refusal: error.refusal, detail: error.detail }, proof: undefined };
    throw error;
  }
}

/** By Merkle frame and sums alone; nothing is lifted. */
export function verifyProof({ predicate }: OpenedProof, indexes: IndexPair): ProofFinding {
  const result = verifyDeltaProof(predicate, indexes);
  if (!result.ok) return { ok: false, refusal: result.reason, facts: result.facts };
  return { ok: true, classesDeclared: result.units.filter(({ basis }) => basis === 'declared').length };
}
