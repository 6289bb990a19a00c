import { sharePpm } from '../claim/breadth.js';
import type { ClaimResult } from '../delta/claim-results.js';
import type { Coverage } from '../delta/coverage.js';
import type { DeltaView } from '../delta/delta-view.js';
import { checkFacts, type Fact, type Facts, type FactValue } from './fact.js';
import type { FactName } from './fact-list.js';
import type { WitnessSummary } from './witness-summary.js';

/** What lifting one artifact covered; residual bytes are a part of the covered ones. */
export interface LiftTotals {
  readonly functions: number;
  readonly loadedBytes: number;
  readonly coveredBytes: number;
  readonly residualBytes: number;
}

/** What a delta proof that was verified gives; the digests are of the proof's and the indexes' envelopes. */
export interface DeltaInput {
  readonly view: DeltaView;
  readonly coverage: Coverage;
  readonly provenance: 'proved' | 'attested';
  readonly totals: { readonly baseline: LiftTotals; readonly candidate: LiftTotals };
  readonly evidence: readonly string[];
}

/** Undefined members could not be computed: a service did not answer, or what it answered could not be checked. */
export interface FactInputs {
  readonly delta?: DeltaInput;
  readonly witnesses?: WitnessSummary;
  /** Witnesses of the releases before that were not replayed; evidence: of the verdicts that name them. */
  readonly leftOut: { readonly witnesses: number; readonly evidence: readonly string[] };
  /** Undefined: what was said about the candidate contradicts itself. */
  readonly withdrawn: { readonly candidate: boolean | undefined; readonly evidence: readonly string[] };
  readonly claims: readonly ClaimResult[];
  readonly baseline: { readonly basis: 'runs' | 'verdict' | 'seed' | 'unknown'; readonly evidence: readonly string[] };
  /** Envelopes that failed a check, whatever they were offered for. */
  readonly refusedEvidence: readonly string[];
  readonly log?: { readonly included: boolean; readonly evidence: readonly string[] };
  readonly crossVerifications?: { readonly independent: number; readonly evidence: readonly string[] };
}

/** The facts of one release, every one of the closed set. Errors: FACT_INVALID when an input is outside its type. */
export function deriveFacts(inputs: FactInputs): Facts {
  const claimEvidence = [...(inputs.delta?.evidence ?? []), ...(inputs.witnesses?.evidence ?? [])];
  const refused = [...inputs.refusedEvidence, ...(inputs.witnesses?.refused ?? [])];
  return checkFacts({
    evidence_refused: known(new Set(refused).size, refused),
    baseline_basis: known(inputs.baseline.basis, inputs.baseline.evidence),
    candidate_withdrawn: inputs.withdrawn.candidate === undefined ? unknown() : known(inputs.withdrawn.candidate, inputs.withdrawn.evidence),
    log_included: inputs.log === undefined ? unknown() : known(inputs.log.included, inputs.log.evidence),
    cross_verifications_independent:
      inputs.crossVerifications === undefined ? unknown() : known(inputs.crossVerifications.independent, inputs.crossVerifications.evidence),
    claims_total: known(inputs.claims.length, []),
    claims_refuted: known(inputs.claims.filter((c) => c.state === 'refuted').length, claimEvidence),
    claims_unproved: known(inputs.claims.filter((c) => c.state === 'unproved').length, claimEvidence),
    ...deltaFacts(inputs.delta),
    ...witnessFacts(inputs.witnesses),
    witnesses_left_out: inputs.witnesses === undefined ? unknown() : known(inputs.leftOut.witnesses, inputs.leftOut.evidence),
  });
}

function known<V>(value: V, evidence: readonly string[]): { value: V; evidence: readonly string[] } {
  return { value, evidence: [...new Set(evidence)].sort() };
}

function unknown(): { value: 'unknown'; evidence: readonly string[] } {
  return { value: 'unknown', evidence: [] };
}

type Named<N extends FactName> = { readonly [K in N]: Fact<K> };

const DELTA_FACTS = [
  'coverage_known', 'delta_provenance', 'changed_functions', 'changed_share_ppm', 'changed_share_own_ppm', 'changed_data',
  'changed_other', 'unexplained_functions', 'unexplained_data', 'unexplained_other', 'residual_units', 'residual_bytes_ppm',
  'toolchain', 'claim_breadth_max_ppm', 'claim_breadth_union_ppm', 'data_only_units',
] as const satisfies readonly FactName[];

function deltaFacts(delta: DeltaInput | undefined): Named<(typeof DELTA_FACTS)[number]> {
  if (delta === undefined) return unknowns(DELTA_FACTS);
  const { view, coverage, totals, evidence } = delta;
  const say = <V>(value: V): { value: V; evidence: readonly string[] } => known(value, evidence);
  const changed = coverage.units.filter((u) => !u.consequence);
  const functions = changed.filter((u) => u.unit.kind === 'function');
  const isOther = (kind: string): boolean => kind !== 'function' && kind !== 'data' && kind !== 'residual';
  const added = functions.filter((u) => u.unit.baseline === undefined).length;
  const all = view.baselineFunctions.length + added;
  const byToolchain = functions.filter((u) => u.claims.some((index) => index === coverage.toolchainClaimProved)).length;
  const unexplained = (test: (kind: string) => boolean): number => coverage.unexplained.filter((u) => test(u.unit.kind)).length;
  const patterns = coverage.breadthPpm.filter((_, index) => index !== coverage.toolchainClaimProved);
  return {
    coverage_known: say(isLifted(totals.baseline) && isLifted(totals.candidate) && totals.baseline.functions === view.baselineFunctions.length),
    delta_provenance: say(delta.provenance),
    changed_functions: say(functions.length),
    changed_share_ppm: say(sharePpm(functions.length, all)),
    changed_share_own_ppm: say(sharePpm(functions.length - byToolchain, all)),
    changed_data: say(changed.filter((u) => u.unit.kind === 'data').length),
    changed_other: say(changed.filter((u) => isOther(u.unit.kind)).length),
    unexplained_functions: say(unexplained((kind) => kind === 'function')),
    unexplained_data: say(unexplained((kind) => kind === 'data')),
    unexplained_other: say(unexplained(isOther)),
    residual_units: say(unexplained((kind) => kind === 'residual')),
    residual_bytes_ppm: say(Math.max(residualPpm(totals.baseline), residualPpm(totals.candidate))),
    toolchain: say(toolchainFact(coverage)),
    claim_breadth_max_ppm: say(Math.max(0, ...patterns)),
    claim_breadth_union_ppm: say(coverage.breadthUnionPpm),
    data_only_units: say(coverage.dataOnlyUnits),
  };
}

function unknowns<N extends FactName>(names: readonly N[]): Named<N> {
  return Object.fromEntries(names.map((name) => [name, unknown()])) as unknown as Named<N>;
}

function isLifted(totals: LiftTotals): boolean {
  return totals.functions > 0 && totals.loadedBytes > 0 && totals.coveredBytes === totals.loadedBytes && totals.residualBytes <= totals.loadedBytes;
}

function residualPpm(totals: LiftTotals): number {
  return sharePpm(totals.residualBytes, totals.loadedBytes);
}

function toolchainFact(coverage: Coverage): FactValue<'toolchain'> {
  if (coverage.toolchain !== 'patch') return coverage.toolchain;
  return coverage.toolchainClaimProved === undefined ? 'patch_unclaimed' : 'patch_claimed';
}

const WITNESS_FACTS = [
  'witnesses_total', 'witnesses_claimed', 'witnesses_baseline_reproduced', 'witnesses_candidate_fixed',
  'witnesses_candidate_reproduced', 'witnesses_candidate_not_reproduced', 'witnesses_candidate_otherwise',
  'witnesses_not_completed', 'replays_min', 'success_lower_bound_ppm', 'variance_max',
] as const satisfies readonly FactName[];

function witnessFacts(summary: WitnessSummary | undefined): Named<(typeof WITNESS_FACTS)[number]> {
  if (summary === undefined) return unknowns(WITNESS_FACTS);
  const say = <V>(value: V): { value: V; evidence: readonly string[] } => known(value, summary.evidence);
  const ifAny = (value: number | undefined): { value: number | 'unknown'; evidence: readonly string[] } => (value === undefined ? unknown() : say(value));
  return {
    witnesses_total: say(summary.total),
    witnesses_claimed: say(summary.claimed),
    witnesses_baseline_reproduced: say(summary.baselineReproduced),
    witnesses_candidate_fixed: say(summary.candidateFixed),
    witnesses_candidate_reproduced: say(summary.candidateReproduced),
    witnesses_candidate_not_reproduced: say(summary.candidateNotReproduced),
    witnesses_candidate_otherwise: say(summary.candidateOtherwise),
    witnesses_not_completed: say(summary.notCompleted),
    replays_min: ifAny(summary.replaysMin),
    success_lower_bound_ppm: ifAny(summary.successLowerBoundMinPpm),
    variance_max: ifAny(summary.varianceMax),
  };
}
