import type { Board } from '../board.ts';
import { gauge, increase, orZero, quantile, rate, share } from '../promql.ts';

export const gate: Board = {
  uid: 'stella-gate',
  title: 'Stella / Gate',
  about: 'Release verdicts: how long they take, how they end, and what they lack.',
  rows: [
    {
      title: 'Verdicts',
      panels: [
        { title: 'Verdicts', about: 'Issued in the time shown, by outcome.', unit: 'short', kind: 'now', queries: [{ expr: increase('gate_verdicts_total', ['outcome']), legend: '{{outcome}}' }] },
        { title: 'Answered from cache', about: 'Share of the requests that were answered with an earlier verdict.', unit: 'percentunit', kind: 'now', queries: [{ expr: share(increase('gate_time_to_verify_seconds_count', [], { end: '="cached"' }), increase('gate_time_to_verify_seconds_count')) }] },
        { title: 'Under way', about: 'Evaluations that run now.', unit: 'short', kind: 'now', queries: [{ expr: gauge('gate_evaluations_running', 'sum') }] },
        { title: 'Taken back', about: 'Verdicts that verifiers refuse from then on: withdrawn, superseded by bad news, or resting on what was.', unit: 'short', kind: 'now', queries: [{ expr: increase('gate_verdicts_taken_back_total') }] },
        { title: 'Time to verify', about: 'From the request to its end. A cached answer takes a second at most; the rest is replays and lifting.', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.5, 'gate_time_to_verify_seconds', ['end']), legend: 'p50 {{end}}' }, { expr: quantile(0.95, 'gate_time_to_verify_seconds', ['end']), legend: 'p95 {{end}}' }] },
        { title: 'Time of stages', about: 'p95 of each stage: where an evaluation spends its time.', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.95, 'gate_stage_seconds', ['stage']), legend: '{{stage}}' }] },
        { title: 'Unmet rules', about: 'Requirements that verdicts did not meet. A sudden rise of one rule is a change of what is released, or of the policy.', unit: 'short', kind: 'over time', queries: [{ expr: orZero(rate('gate_unmet_rules_total', ['rule'])), legend: '{{rule}}' }] },
      ],
    },
    {
      title: 'Evidence',
      panels: [
        { title: 'Reused evidence', about: 'Share of the evidence that was at hand.', unit: 'percentunit', kind: 'now', queries: [{ expr: share(increase('gate_evidence_total', [], { source: '="reused"' }), increase('gate_evidence_total')) }] },
        { title: 'Explained changes', about: 'Mean share of the changed functions that claims cover.', unit: 'percentunit', kind: 'now', queries: [{ expr: share(increase('gate_explained_changes_ratio_sum'), increase('gate_explained_changes_ratio_count')) }] },
        { title: 'Could not be had', about: 'Evidence that somebody did not give. A verdict without it is never an ALLOW under a rule that needs it.', unit: 'short', kind: 'now', badFrom: 1, queries: [{ expr: orZero(increase('gate_unanswered_total')) }] },
        { title: 'Unanswered, by source', about: 'Who was asked and did not answer, and why.', unit: 'short', kind: 'over time', queries: [{ expr: orZero(rate('gate_unanswered_total', ['source', 'reason'])), legend: '{{source}} {{reason}}' }] },
        { title: 'Claims', about: 'What the evidence says of claims.', unit: 'short', kind: 'over time', queries: [{ expr: rate('gate_claims_total', ['kind', 'state']), legend: '{{kind}} {{state}}' }] },
        { title: 'Unexplained changes', about: 'p95 of the changes that no claim covers, of each verdict.', unit: 'short', kind: 'over time', queries: [{ expr: quantile(0.95, 'gate_unexplained_changes') }] },
      ],
    },
  ],
};
