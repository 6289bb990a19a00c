import { PREDICATE_TYPES } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import type { WitnessResult } from '@stella/policy';
import { parseVerifyResult, parseWitness } from '@stella/witness';
import type { RefusedEvidence } from '../verdict/verdict.js';
import { plain, type CheckedEvidence } from './evidence-item.js';

export interface WitnessFinding {
  readonly results: readonly WitnessResult[];
  readonly refused: readonly RefusedEvidence[];
}

/**
 * Verify results with the incidents of their witnesses, every figure counted again from the runs. A result of another
 * organisation counts only against a release: that an incident still happens.
 */
export function witnessesFromEvidence(evidence: readonly CheckedEvidence[], tenant: string, ownOrganisation: string): WitnessFinding {
  const refused: RefusedEvidence[] = [];
  const attempt = <T>(one: CheckedEvidence, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!isDomainError(error)) throw error;
      refused.push({ sha256: one.ref.sha256, problem: error.reason });
      return undefined;
    }
  };
  const incidents = new Map<string, string>();
  for (const one of ofType(evidence, PREDICATE_TYPES.microWitness)) {
    const witness = attempt(one, () => parseWitness(plain(one.predicate)));
    if (witness === undefined) continue;
    if (one.subjects.length === 1 && one.subjects[0]?.sha256 === witness.core.artifact.sha256) incidents.set(witness.witnessId, witness.core.incident);
    else refused.push({ sha256: one.ref.sha256, problem: 'SUBJECT' });
  }
  const results: WitnessResult[] = [];
  for (const one of ofType(evidence, PREDICATE_TYPES.verifyResult)) {
    const result = attempt(one, () => parseVerifyResult(plain(one.predicate)));
    if (result === undefined) continue;
    const incident = incidents.get(result.witnessId);
    const problem = problemOf(one, result.artifactSha256, incident, result.tenant === tenant || one.organisation !== ownOrganisation);
    if (problem !== undefined || incident === undefined) {
      refused.push({ sha256: one.ref.sha256, problem: problem ?? 'WITNESS_MISSING' });
    } else if (one.organisation === ownOrganisation || result.outcome === 'reproduced') {
      results.push({
        witness: result.witnessId,
        incident,
        artifactSha256: result.artifactSha256,
        outcome: result.outcome,
        runIds: result.runs.filter((run) => run.observation !== 'not-run').map((run) => run.runId),
        successLowerBoundPpm: result.successLowerBoundPpm,
        variance: result.canonicalVariance,
        evidence: one.ref.sha256,
      });
    }
  }
  return { results, refused };
}

function ofType(evidence: readonly CheckedEvidence[], type: string): readonly CheckedEvidence[] {
  return evidence.filter(({ ref }) => ref.predicateType === type);
}

function problemOf(one: CheckedEvidence, artifactSha256: string, incident: string | undefined, ofTenant: boolean): string | undefined {
  if (one.subjects.length !== 1 || one.subjects[0]?.sha256 !== artifactSha256) return 'SUBJECT';
  if (!ofTenant) return 'OTHER_TENANT';
  return incident === undefined ? 'WITNESS_MISSING' : undefined;
}
