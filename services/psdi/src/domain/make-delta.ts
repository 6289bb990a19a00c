import { buildStatement, PREDICATE_TYPES } from '@stella/attestation';
import { compareIndexes, type Delta, type DeltaProof, type IndexRef, proveDelta, type UnitIndex, verifyDeltaProof } from '@stella/binary-delta';
import { DomainError, isDomainError } from '@stella/errors';
import { buildDeltaScope, DELTA_SCOPE_PREDICATE_TYPE } from '@stella/policy/scope';
import { type ChangedUnit, changedUnits } from './delta-record.js';

/** One artifact of a comparison. */
export interface ComparedSide {
  readonly ref: IndexRef;
  readonly index: UnitIndex;
  /** As its build information names them. */
  readonly modulePaths: readonly string[];
}

/** A comparison, ready to be signed. */
export interface MadeDelta {
  /** Statements about both artifacts as their canonical bytes. */
  readonly proof: Uint8Array;
  readonly scope: Uint8Array;
  readonly units: readonly ChangedUnit[];
}

/** A function of its inputs alone. @throws DomainError PROOF_TOO_LARGE, INDEXES_NOT_COMPARABLE */
export function makeDelta(baseline: ComparedSide, candidate: ComparedSide): MadeDelta {
  const delta = compareIndexes(baseline.index, candidate.index);
  return {
    proof: statement(PREDICATE_TYPES.deltaProof, prove(baseline, candidate, delta), baseline, candidate),
    scope: statement(DELTA_SCOPE_PREDICATE_TYPE, buildDeltaScope(baseline.index, candidate.index, delta, [...baseline.modulePaths, ...candidate.modulePaths]), baseline, candidate),
    units: changedUnits(delta),
  };
}

/** A proof that its own verifier takes: what it would refuse is not signed. */
function prove(baseline: ComparedSide, candidate: ComparedSide, delta: Delta): DeltaProof {
  const proof = proveDelta(withArtifact(baseline), withArtifact(candidate), delta);
  const verified = verifyDeltaProof(proof, { old: baseline.ref, new: candidate.ref });
  if (!verified.ok) throw new DomainError('INTERNAL', { proof: verified.reason, ...verified.facts });
  return proof;
}

function withArtifact({ index, ref }: Pick<ComparedSide, 'index' | 'ref'>): UnitIndex & { readonly artifactSha256: string } {
  return { ...index, artifactSha256: ref.artifactSha256 };
}

function statement(predicateType: string, predicate: object, baseline: ComparedSide, candidate: ComparedSide): Uint8Array {
  const subjects = [
    { name: 'baseline', sha256: baseline.ref.artifactSha256 },
    { name: 'candidate', sha256: candidate.ref.artifactSha256 },
  ];
  try {
    return buildStatement({ subjects, predicateType, predicate });
  } catch (error) {
    if (isDomainError(error, 'JSON_MALFORMED') && error.facts.problem === 'too large') throw new DomainError('PROOF_TOO_LARGE', error.facts, { cause: error });
    throw error;
  }
}
