import type { PolicyTest } from '../decision/policy-test.js';
import { withFacts } from '../facts/with-facts.js';
import type { FactName } from '../facts/fact-list.js';
import { SOUND_RELEASE } from '../facts/sound-release.js';

type Values = Partial<Record<FactName, boolean | number | string>>;

/** Of each rule: facts that break it and no other. */
const BREAKS: Readonly<Record<string, Values>> = {
  'baseline-decided': { baseline_basis: 'runs' },
  'baseline-known': { baseline_basis: 'unknown' },
  'baseline-reproduced': { witnesses_baseline_reproduced: 0 },
  'candidate-fixed': { witnesses_candidate_fixed: 0, witnesses_candidate_not_reproduced: 1 },
  'candidate-not-withdrawn': { candidate_withdrawn: true },
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
  'earlier-incidents-replayed': { witnesses_left_out: 1 },
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
  'baseline-known', 'candidate-not-withdrawn', 'claims-not-refuted', 'coverage-known', 'delta-checked', 'evidence-intact', 'incident-gone', 'replays-completed',
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
