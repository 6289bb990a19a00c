import { parseLiftIndex, verifyDeltaProof, type LiftIndexPredicate } from '@stella/binary-delta';
import { PREDICATE_TYPES } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { checkDeltaScope, coverDelta, DELTA_SCOPE_PREDICATE_TYPE, viewFromProof, type Claim, type DeltaInput } from '@stella/policy';
import type { RefusedEvidence } from '../verdict/verdict.js';
import { plain, type CheckedEvidence } from './evidence-item.js';

export interface DeltaPair {
  readonly baselineSha256: string;
  readonly candidateSha256: string;
}

export interface DeltaFinding {
  /** Undefined: there is no delta that holds. */
  readonly delta?: DeltaInput;
  readonly refused: readonly RefusedEvidence[];
}

/**
 * The delta of the pair from its four statements: two indexes, the proof between them, and the scope. All of it lifted by
 * the own organisation is `proved`; anything by another is `attested`.
 */
export function deltaFromEvidence(evidence: readonly CheckedEvidence[], pair: DeltaPair, claims: readonly Claim[], ownOrganisation: string, filePath?: string): DeltaFinding {
  const ofPair = (type: string) => evidence.filter((e) => e.ref.predicateType === type && hasSubjects(e, [pair.baselineSha256, pair.candidateSha256]));
  const proofs = ofPair(PREDICATE_TYPES.deltaProof);
  const scopes = ofPair(DELTA_SCOPE_PREDICATE_TYPE);
  // Two answers to one question: none of them can be preferred.
  const ambiguous = [...(proofs.length > 1 ? proofs : []), ...(scopes.length > 1 ? scopes : [])];
  if (ambiguous.length > 0) return { refused: ambiguous.map((e) => ({ sha256: e.ref.sha256, problem: 'AMBIGUOUS' })) };
  const [proof] = proofs;
  const [scope] = scopes;
  if (proof === undefined || scope === undefined) return { refused: [] };
  const baseline = indexOf(evidence, pair.baselineSha256);
  const candidate = indexOf(evidence, pair.candidateSha256);
  if (baseline === undefined || candidate === undefined) return { refused: [] };
  const verified = verifyDeltaProof(plain(proof.predicate), { old: baseline.index, new: candidate.index });
  if (!verified.ok) return { refused: [{ sha256: proof.ref.sha256, problem: verified.reason }] };
  try {
    const said = checkDeltaScope(plain(scope.predicate));
    const view = viewFromProof(verified.units, {
      baseline: baseline.index,
      candidate: candidate.index,
      scope: said,
      ...(filePath !== undefined && { filePath }),
    });
    const parts = [proof, scope, baseline.evidence, candidate.evidence];
    return {
      refused: [],
      delta: {
        view,
        coverage: coverDelta(view, claims),
        provenance: parts.every((e) => e.organisation === ownOrganisation) ? 'proved' : 'attested',
        totals: {
          baseline: { functions: said.baselineFunctions.length, ...baseline.index.totals },
          candidate: { functions: said.candidateFunctionCount, ...candidate.index.totals },
        },
        evidence: [...new Set(parts.map((e) => e.ref.sha256))].sort(),
      },
    };
  } catch (error) {
    if (isDomainError(error)) return { refused: [{ sha256: scope.ref.sha256, problem: error.reason }] };
    throw error;
  }
}

function hasSubjects(evidence: CheckedEvidence, expected: readonly string[]): boolean {
  const subjects = new Set(evidence.subjects.map(({ sha256 }) => sha256));
  return subjects.size === new Set(expected).size && expected.every((sha256) => subjects.has(sha256));
}

interface FoundIndex {
  readonly evidence: CheckedEvidence;
  readonly index: LiftIndexPredicate;
}

function indexOf(evidence: readonly CheckedEvidence[], artifactSha256: string): FoundIndex | undefined {
  for (const one of evidence) {
    if (one.ref.predicateType !== PREDICATE_TYPES.liftIndex || !hasSubjects(one, [artifactSha256])) continue;
    try {
      const index = parseLiftIndex(plain(one.predicate));
      if (index.artifactSha256 === artifactSha256) return { evidence: one, index };
    } catch (error) {
      if (!isDomainError(error)) throw error;
    }
  }
  return undefined;
}
