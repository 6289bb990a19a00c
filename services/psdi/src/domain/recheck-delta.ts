import { canonicalize, type JsonObject } from '@stella/attestation';
import { compareIndexes, type IndexRef, proveDelta, type ProofFault, type UnitIndex, verifyDeltaProof } from '@stella/binary-delta';
import type { ErrorFacts } from '@stella/errors';

/** What a proof claims and two new lifts deny. */
export interface RecheckFault {
  readonly refusal: ProofFault | 'PROOF_DELTA_MISMATCH';
  readonly what: string;
  readonly facts: ErrorFacts;
}

export interface LiftedIndex {
  readonly ref: IndexRef;
  readonly index: UnitIndex;
}

/**
 * Makes the delta of two lifts and holds every word of a proof against it: roots, units, classes.
 * @param proof the predicate, as its signer said it
 */
export function recheckDelta(proof: JsonObject, old: LiftedIndex, next: LiftedIndex): RecheckFault | undefined {
  const result = verifyDeltaProof(proof, { old: old.ref, new: next.ref });
  if (!result.ok) {
    return { refusal: result.reason, what: 'the proof does not hold against a new lift', facts: { ...result.facts, liftedOldRoot: old.ref.root, liftedNewRoot: next.ref.root } };
  }
  const withArtifact = ({ index, ref }: LiftedIndex) => ({ ...index, artifactSha256: ref.artifactSha256 });
  const again = proveDelta(withArtifact(old), withArtifact(next), compareIndexes(old.index, next.index));
  const differs = Object.entries(again).find(([member, value]) => !Buffer.from(canonicalize(value)).equals(canonicalize(proof[member])));
  return differs && { refusal: 'PROOF_DELTA_MISMATCH', what: 'the comparison made again says otherwise', facts: { member: differs[0] } };
}
