import { FACT_NAMES, type FactName } from './fact-list.js';
import type { Facts } from './fact.js';

const NOTHING_CHANGED: Readonly<Record<FactName, boolean | number | string>> = {
  coverage_known: true,
  delta_provenance: 'proved',
  evidence_refused: 0,
  baseline_basis: 'verdict',
  candidate_withdrawn: false,
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
  witnesses_left_out: 0,
  replays_min: 59,
  success_lower_bound_ppm: 950_495,
  variance_max: 0,
  cross_verifications_independent: 2,
};

function factsOf(values: Readonly<Record<FactName, boolean | number | string>>): Facts {
  return Object.fromEntries(FACT_NAMES.map((name) => [name, { value: values[name], evidence: [] }])) as unknown as Facts;
}

/** A release that every preset allows: the base of examples. */
export const SOUND_RELEASE = factsOf(NOTHING_CHANGED);
