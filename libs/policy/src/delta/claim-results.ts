import type { Claim } from '../claim/claim.js';
import type { Coverage } from './coverage.js';
import { needsExplanation } from './coverage.js';
import { isConsequence } from './consequence.js';
import type { DeltaView } from './delta-view.js';
import type { IncidentState } from '../facts/witness-summary.js';

export type ClaimState = 'proved' | 'refuted' | 'unproved';

export interface ClaimResult {
  readonly claim: Claim;
  readonly state: ClaimState;
  /** A word for why; stable, for people and rules of presentation. */
  readonly detail: string;
  /** Share of the baseline's functions that the claim speaks of, in parts per million. */
  readonly breadthPpm: number;
  /** Changed units that it covers. */
  readonly units: number;
}

/**
 * What became of each claim. Undefined inputs were not computed: a claim that needs them is unproved.
 * @param incidents state of each claimed incident's witnesses
 */
export function claimResults(
  claims: readonly Claim[],
  view: DeltaView | undefined,
  coverage: Coverage | undefined,
  incidents: ReadonlyMap<string, IncidentState> | undefined,
): readonly ClaimResult[] {
  return claims.map((claim, index) => {
    const units = coverage?.coveredUnits[index] ?? 0;
    const [state, detail] = judge(claim, index, units, view, coverage, incidents);
    return { claim, state, detail, breadthPpm: coverage?.breadthPpm[index] ?? 0, units };
  });
}

function judge(
  claim: Claim,
  index: number,
  units: number,
  view: DeltaView | undefined,
  coverage: Coverage | undefined,
  incidents: ReadonlyMap<string, IncidentState> | undefined,
): readonly [ClaimState, string] {
  if (claim.kind === 'fixes_incident') return judgeFix(incidents?.get(claim.incident));
  if (view === undefined || coverage === undefined) return ['unproved', 'DELTA_UNKNOWN'];
  switch (claim.kind) {
    case 'changes':
      return units > 0 ? ['proved', 'CHANGED'] : ['unproved', 'NOTHING_CHANGED_THERE'];
    case 'toolchain':
      if (coverage.toolchainClaimProved === index) return ['proved', coverage.toolchain === 'patch' ? 'PATCH_RELEASE' : 'OTHER_GENERATION'];
      if (view.baseline.toolchain === undefined || view.candidate.toolchain === undefined) return ['unproved', 'TOOLCHAIN_UNKNOWN'];
      return ['refuted', 'BUILD_INFO_DIFFERS'];
    case 'data_only': {
      const other = view.changes.some((unit) => needsExplanation(unit) && unit.kind !== 'data' && unit.sameCode !== true && !isConsequence(unit));
      return other ? ['refuted', 'CODE_CHANGED'] : ['proved', 'ONLY_DATA_CHANGED'];
    }
    case 'no_semantic_change': {
      const changed = view.changes.some((unit) => needsExplanation(unit) && !isConsequence(unit));
      return changed ? ['refuted', 'MEANING_CHANGED'] : ['proved', 'NOTHING_CHANGED'];
    }
  }
}

function judgeFix(state: IncidentState | undefined): readonly [ClaimState, string] {
  switch (state) {
    case undefined:
    case 'no-witness':
      return ['unproved', 'NO_WITNESS'];
    case 'fixed':
      return ['proved', 'REPRODUCED_BEFORE_FIXED_NOW'];
    case 'reproduces':
      return ['refuted', 'STILL_REPRODUCES'];
    case 'not-in-baseline':
      return ['unproved', 'BASELINE_DOES_NOT_REPRODUCE'];
    case 'inconclusive':
      return ['unproved', 'REPLAYS_INCONCLUSIVE'];
  }
}
