import { rule } from './rule-text.js';

/** Without these nothing is known about the release: they bar REVIEW too, and nobody can waive them. */
export const INTEGRITY_RULES = [
  rule({
    id: 'coverage-known',
    bars: 'both',
    waivable: false,
    reason: 'it is not known what the artifacts consist of',
    remedy: 'offer artifacts that can be lifted whole; an artifact in which nothing is found has no changes to count',
    needs: 'context.facts.coverage_known.known && context.facts.coverage_known.value',
  }),
  rule({
    id: 'baseline-known',
    bars: 'both',
    waivable: false,
    reason: 'the baseline is neither what runs now nor a release with a verdict',
    remedy: 'compare with what runs, or get a verdict for the baseline first',
    needs: 'context.facts.baseline_basis.known && context.facts.baseline_basis.value != Stella::BaselineBasis::"unknown"',
  }),
  rule({
    id: 'delta-checked',
    bars: 'both',
    waivable: false,
    reason: 'there is no delta proof that holds',
    remedy: 'have the delta computed and proved again',
    needs: 'context.facts.delta_provenance.known && context.facts.delta_provenance.value != Stella::Provenance::"unknown"',
  }),
  rule({
    id: 'evidence-intact',
    bars: 'both',
    waivable: false,
    reason: 'evidence was offered that fails a check',
    remedy: 'find out who offered it; then evaluate again without it',
    needs: 'context.facts.evidence_refused.known && context.facts.evidence_refused.value == 0',
  }),
  rule({
    id: 'replays-completed',
    bars: 'both',
    waivable: false,
    reason: 'replays of a witness are missing or could not be made',
    remedy: 'wait for the replay workers and evaluate again',
    needs: 'context.facts.witnesses_not_completed.known && context.facts.witnesses_not_completed.value == 0',
  }),
  rule({
    id: 'incident-gone',
    bars: 'both',
    waivable: false,
    reason: 'a known incident still happens on the candidate',
    remedy: 'mend the candidate; the verify result names the witness',
    needs: 'context.facts.witnesses_candidate_reproduced.known && context.facts.witnesses_candidate_reproduced.value == 0',
  }),
  rule({
    id: 'claims-not-refuted',
    bars: 'both',
    waivable: false,
    reason: 'the evidence contradicts a claim of the release',
    remedy: 'claim what is true',
    needs: 'context.facts.claims_refuted.known && context.facts.claims_refuted.value == 0',
  }),
];
