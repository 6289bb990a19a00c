/** A key performance indicator by the name under which it was promised. */
export type Kpi = {
  readonly name: string;
  readonly service: string;
} & (
  | {
      readonly unit: 'ratio' | 'percent' | 'seconds' | 'milliseconds' | 'outcomes' | 'nodes';
      /** The metrics that it is made of. */
      readonly metrics: readonly string[];
      /** PromQL; `$window` stands for a duration, e.g. `30d`. */
      readonly query: string;
      readonly notYetMeasurable?: undefined;
    }
  | {
      /** What is missing before there is a figure. Until then none is shown. */
      readonly notYetMeasurable: string;
    }
);

const quantile = (q: number, metric: string) => `histogram_quantile(${q}, sum by (le) (rate(${metric}_bucket[$window])))`;
// What never happened has no series: a share of 0, not an unknown one.
const share = (part: string, whole: string) => `(sum(increase(${part}[$window])) or vector(0)) / sum(increase(${whole}[$window]))`;

/** Every indicator, and what it is measured by; in one place, so that a missing one is seen to be missing. */
export const KPIS: readonly Kpi[] = [
  {
    name: 'delta_proof_verification_time',
    service: 'psdi',
    unit: 'seconds',
    metrics: ['psdi_delta_proof_verification_seconds'],
    query: quantile(0.95, 'psdi_delta_proof_verification_seconds'),
  },
  { name: 'delta_entropy', service: 'psdi', notYetMeasurable: 'no model of how likely a change is has been fitted; its calibration (Brier, ECE) needs one' },
  {
    name: 'replay_success_ratio',
    service: 'frvf',
    unit: 'ratio',
    metrics: ['replay_success_ratio_runs_total'],
    query: share('replay_success_ratio_runs_total{result="success"}', 'replay_success_ratio_runs_total'),
  },
  { name: 'verify_time_ms', service: 'frvf', unit: 'milliseconds', metrics: ['verify_time_ms'], query: quantile(0.5, 'verify_time_ms') },
  {
    name: 'deterministic_score_variance',
    service: 'frvf',
    unit: 'outcomes',
    metrics: ['deterministic_score_variance'],
    query: share('deterministic_score_variance_sum', 'deterministic_score_variance_count'),
  },
  {
    name: 'symbol_coverage_pct',
    service: 'marketplace',
    unit: 'percent',
    metrics: ['marketplace_symbol_lookups_total'],
    query: `100 * ${share('marketplace_symbol_lookups_total{outcome="hit"}', 'marketplace_symbol_lookups_total')}`,
  },
  {
    name: 'symbol_lookup_latency',
    service: 'marketplace',
    unit: 'seconds',
    metrics: ['marketplace_symbol_lookup_latency_seconds'],
    query: quantile(0.5, 'marketplace_symbol_lookup_latency_seconds'),
  },
  { name: 'contributor_retention', service: 'marketplace', notYetMeasurable: 'nothing counts publishers by quarter yet, and the first figure needs two quarters' },
  { name: 'dispute_rate', service: 'marketplace', notYetMeasurable: 'packs cannot be disputed yet' },
  { name: 'stack_precision', service: 'csfg', notYetMeasurable: 'people do not yet confirm or undo matches, and no seeded corpus runs beside production' },
  { name: 'stack_recall', service: 'csfg', notYetMeasurable: 'no seeded corpus runs beside production; without one nobody knows what was missed' },
  { name: 'median_match_latency', service: 'csfg', unit: 'seconds', metrics: ['csfg_match_seconds'], query: quantile(0.5, 'csfg_match_seconds') },
  {
    name: 'participating_node_growth',
    service: 'fbpe',
    unit: 'ratio',
    metrics: ['fbpe_participating_nodes'],
    query: '(max(fbpe_participating_nodes) - max(fbpe_participating_nodes offset $window)) / clamp_min(max(fbpe_participating_nodes offset $window), 1)',
  },
  { name: 'cross_verify_success_ratio', service: 'fbpe', unit: 'ratio', metrics: ['cross_verify_success_ratio'], query: 'min(cross_verify_success_ratio)' },
  {
    name: 'provenance_query_latency',
    service: 'fbpe',
    unit: 'seconds',
    metrics: ['provenance_query_latency_seconds'],
    query: quantile(0.5, 'provenance_query_latency_seconds'),
  },
  {
    name: 'time_to_verify',
    service: 'gate',
    unit: 'seconds',
    metrics: ['gate_time_to_verify_seconds'],
    query: 'histogram_quantile(0.5, sum by (le) (rate(gate_time_to_verify_seconds_bucket{end="verdict"}[$window])))',
  },
  { name: 'time_to_verify_reduction', service: 'gate', notYetMeasurable: 'no signed baseline can be stored yet to hold it against' },
];
