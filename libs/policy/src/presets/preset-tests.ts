import type { FactName } from '../facts/fact-list.js';
import { FACT_NAMES } from '../facts/fact-list.js';
import type { Facts } from '../facts/fact.js';
import { withFacts, type PolicyTest } from '../decision/policy-test.js';

const NOTHING_CHANGED: Readonly<Record<FactName, boolean | number | string>> = {
  coverage_known: true,
  delta_provenance: 'proved',
  evidence_refused: 0,
  baseline_basis: 'verdict',
  log_included: true,
  changed_functions: 0,
  changed_share_ppm: 0,
  changed_share_own_ppm: 0,
  changed_data: 0,
  changed_other: 0,
  unexplained_functions: 0,
  unexplained_data: 0,
  unexplained_other: 0,
  residual_units: 0,
  residual_bytes_ppm: 1_000,
  toolchain: 'same',
  claims_total: 0,
  claims_refuted: 0,
  claims_unproved: 0,
  claim_breadth_max_ppm: 0,
  claim_breadth_union_ppm: 0,
  data_only_units: 0,
  witnesses_total: 1,
  witnesses_claimed: 1,
  witnesses_baseline_reproduced: 1,
  witnesses_candidate_fixed: 1,
  witnesses_candidate_reproduced: 0,
  witnesses_candidate_not_reproduced: 0,
  witnesses_candidate_otherwise: 0,
  witnesses_not_completed: 0,
  replays_min: 59,
  success_lower_bound_ppm: 950_495,
  variance_max: 0,
  cross_verifications_independent: 2,
};

function factsOf(values: Readonly<Record<FactName, boolean | number | string>>): Facts {
  return Object.fromEntries(FACT_NAMES.map((name) => [name, { value: values[name], evidence: [] }])) as unknown as Facts;
}

/** A release that every preset allows: the base of the examples. */
export const SOUND_RELEASE = factsOf(NOTHING_CHANGED);

type Values = Partial<Record<FactName, boolean | number | string>>;

/** Of each rule: facts that break it and no other. */
const BREAKS: Readonly<Record<string, Values>> = {
  'baseline-decided': { baseline_basis: 'runs' },
  'baseline-known': { baseline_basis: 'unknown' },
  'baseline-reproduced': { witnesses_baseline_reproduced: 0 },
  'candidate-fixed': { witnesses_candidate_fixed: 0, witnesses_candidate_not_reproduced: 1 },
  'change-small': { changed_share_own_ppm: 1_000_000 },
  'claims-narrow': { claim_breadth_max_ppm: 1_000_000 },
  'claims-narrow-together': { claim_breadth_union_ppm: 1_000_000 },
  'claims-not-refuted': { claims_total: 1, claims_refuted: 1 },
  'claims-proved': { claims_total: 1, claims_unproved: 1 },
  'coverage-known': { coverage_known: false },
  'cross-verified': { cross_verifications_independent: 0 },
  'data-claim-narrow': { data_only_units: 1_000_000 },
  'data-explained': { unexplained_data: 1 },
  'delta-checked': { delta_provenance: 'unknown' },
  'delta-proved': { delta_provenance: 'attested' },
  'evidence-intact': { evidence_refused: 1 },
  'evidence-logged': { log_included: false },
  'fix-witnessed': { witnesses_claimed: 0, witnesses_baseline_reproduced: 0 },
  'functions-explained': { unexplained_functions: 1 },
  'incident-gone': { witnesses_candidate_reproduced: 1 },
  'linking-explained': { unexplained_other: 1 },
  'nothing-changed': { changed_functions: 1 },
  'replays-agree': { variance_max: 1 },
  'replays-completed': { witnesses_not_completed: 1 },
  'replays-enough': { replays_min: 1 },
  'residual-small': { residual_bytes_ppm: 1_000_000 },
  'residual-unchanged': { residual_units: 1_000_000 },
  'success-bound': { success_lower_bound_ppm: 1 },
  'toolchain-kept': { toolchain: 'generation' },
  'toolchain-same': { toolchain: 'patch_claimed' },
};

const DENIES: ReadonlySet<string> = new Set([
  'baseline-known', 'claims-not-refuted', 'coverage-known', 'delta-checked', 'evidence-intact', 'incident-gone', 'replays-completed',
]);

/** Facts that break a rule can break its stricter twin of the same policy, too. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  'baseline-known': ['baseline-decided'],
  'delta-checked': ['delta-proved'],
};

/** The examples that a preset is published with: one sound release, and one for each rule. */
export function presetTests(ruleIds: readonly string[]): readonly PolicyTest[] {
  const forbids = ruleIds.filter((id) => id !== 'base');
  const broken = forbids.map((id): PolicyTest => {
    const unmet = [id, ...(ALSO[id] ?? [])].filter((rule) => forbids.includes(rule)).sort();
    return { name: id, facts: withFacts(SOUND_RELEASE, BREAKS[id] ?? {}), waivers: [], outcome: DENIES.has(id) ? 'DENY' : 'REVIEW', unmet };
  });
  return [{ name: 'a sound release', facts: SOUND_RELEASE, waivers: [], outcome: 'ALLOW', unmet: [] }, ...broken];
}
