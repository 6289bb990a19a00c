import { rule } from './rule-text.js';

const NONE = 'context.facts.witnesses_total.known && (context.facts.witnesses_total.value == 0 ||';

/** Whether the replays show what they are said to show. */
export const WITNESS_RULES = [
  rule({
    id: 'baseline-reproduced',
    bars: 'release',
    waivable: true,
    reason: 'a claimed incident does not happen on the baseline, so its absence on the candidate shows nothing',
    remedy: 'compare with a release that has the incident, or record the witness again',
    needs: `context.facts.witnesses_claimed.known && context.facts.witnesses_baseline_reproduced.known &&
      context.facts.witnesses_baseline_reproduced.value == context.facts.witnesses_claimed.value`,
  }),
  rule({
    id: 'candidate-fixed',
    bars: 'release',
    waivable: true,
    reason: 'a candidate that merely does not fail does not meet the pass predicate of the incident’s owner',
    remedy: 'mend the candidate, or ask the incident’s owner about the pass predicate',
    needs: `context.facts.witnesses_total.known && context.facts.witnesses_candidate_fixed.known &&
      context.facts.witnesses_candidate_fixed.value == context.facts.witnesses_total.value`,
  }),
  rule({
    id: 'replays-enough',
    bars: 'release',
    waivable: true,
    reason: 'a witness was replayed too few times',
    remedy: 'replay it as many times as the policy asks',
    needs: `${NONE}
      (context.facts.replays_min.known && context.facts.replays_min.value >= context.limits.replays_min))`,
  }),
  rule({
    id: 'success-bound',
    bars: 'release',
    waivable: true,
    reason: 'the lower bound of a witness’s success rate is too low',
    remedy: 'replay it more times',
    needs: `${NONE}
      (context.facts.success_lower_bound_ppm.known && context.facts.success_lower_bound_ppm.value >= context.limits.success_lower_bound_ppm_min))`,
  }),
  rule({
    id: 'replays-agree',
    bars: 'release',
    waivable: true,
    reason: 'replays of one witness on one artifact differ',
    remedy: 'record the witness at a higher level of determinism',
    needs: `${NONE}
      (context.facts.variance_max.known && context.facts.variance_max.value == 0))`,
  }),
  rule({
    id: 'earlier-incidents-replayed',
    bars: 'release',
    waivable: true,
    reason: 'witnesses of the releases before this one were left out, so an incident may be back unseen',
    remedy: 'have a person decide about those that were left out: there are more than one decision can be about, or they are gone',
    needs: 'context.facts.witnesses_left_out.known && context.facts.witnesses_left_out.value == 0',
  }),
];

export const FIX_RULES = [
  rule({
    id: 'fix-witnessed',
    bars: 'release',
    waivable: true,
    reason: 'no witness shows the incident that the release is for',
    remedy: 'claim the incident that is fixed, and record a witness of it',
    needs: 'context.facts.witnesses_claimed.known && context.facts.witnesses_claimed.value >= context.limits.witnesses_claimed_min',
  }),
];
