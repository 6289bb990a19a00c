import { rule } from './rule-text.js';

/** Whether others can see, or have seen, the evidence. */
export const LOG_RULES = [
  rule({
    id: 'evidence-logged',
    bars: 'release',
    waivable: false,
    reason: 'not all evidence is in the log',
    remedy: 'wait for the next checkpoint and evaluate again',
    needs: 'context.facts.log_included.known && context.facts.log_included.value',
  }),
];

export const PARTNER_RULES = [
  rule({
    id: 'cross-verified',
    bars: 'release',
    waivable: true,
    reason: 'too few other organisations have verified the evidence',
    remedy: 'ask partners to cross-verify it',
    needs: `context.facts.cross_verifications_independent.known &&
      context.facts.cross_verifications_independent.value >= context.limits.cross_verifications_min`,
  }),
  rule({
    id: 'baseline-decided',
    bars: 'release',
    waivable: true,
    reason: 'the baseline has no verdict of its own that is in force, under a policy as strict as this one',
    remedy: 'get a verdict for the baseline under this policy first',
    unknown: 'the baseline has no verdict of its own that is in force, under a policy as strict as this one',
    needs: 'context.facts.baseline_basis.known && context.facts.baseline_basis.value == Stella::BaselineBasis::"verdict"',
  }),
];
