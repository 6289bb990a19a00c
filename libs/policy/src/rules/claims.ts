import { rule } from './rule-text.js';

/** Whether the claims say something, and hold. */
export const CLAIM_RULES = [
  rule({
    id: 'claims-proved',
    bars: 'release',
    waivable: true,
    reason: 'the evidence does not prove a claim of the release',
    remedy: 'leave the claim out, or bring the evidence: the verdict says what is missing',
    needs: 'context.facts.claims_unproved.known && context.facts.claims_unproved.value == 0',
  }),
  rule({
    id: 'claims-narrow',
    bars: 'release',
    waivable: true,
    reason: 'a claim is so broad that it says nothing',
    remedy: 'name the packages or functions that changed',
    needs: 'context.facts.claim_breadth_max_ppm.known && context.facts.claim_breadth_max_ppm.value <= context.limits.claim_breadth_ppm_max',
  }),
  rule({
    id: 'claims-narrow-together',
    bars: 'release',
    waivable: true,
    reason: 'the claims together are so broad that they say nothing',
    remedy: 'name the packages or functions that changed, and release less at once',
    needs: 'context.facts.claim_breadth_union_ppm.known && context.facts.claim_breadth_union_ppm.value <= context.limits.claim_breadth_union_ppm_max',
  }),
  rule({
    id: 'data-claim-narrow',
    bars: 'release',
    waivable: true,
    reason: 'the claim `data only` covers more data than it may',
    remedy: 'claim the functions that use the data',
    needs: 'context.facts.data_only_units.known && context.facts.data_only_units.value <= context.limits.data_only_units_max',
  }),
];
