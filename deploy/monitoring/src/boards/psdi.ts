import type { Board } from '../board.ts';
import { increase, orZero, quantile, rate, share } from '../promql.ts';

export const psdi: Board = {
  uid: 'stella-psdi',
  title: 'Stella / Deltas',
  about: 'Semantic indexes and delta proofs: how fresh, how complete, how fast to check.',
  rows: [
    {
      title: 'Indicators',
      panels: [
        { title: 'Deltas', about: 'Made in the time shown.', unit: 'short', kind: 'now', queries: [{ expr: increase('psdi_deltas_total') }] },
        { title: 'Residual', about: 'Mean share of the loaded bytes that could not be resolved. What is residual is never called unchanged.', unit: 'percentunit', kind: 'now', badFrom: 0.02, queries: [{ expr: share(increase('psdi_index_residual_ratio_sum'), increase('psdi_index_residual_ratio_count')) }] },
        { title: 'Cache hits', about: 'Indexes and deltas that were there.', unit: 'percentunit', kind: 'now', queries: [{ expr: share(increase('psdi_cache_requests_total', [], { result: '="hit"' }), increase('psdi_cache_requests_total')) }] },
        { title: 'Lifts without an index', about: 'By reason on the right.', unit: 'short', kind: 'now', badFrom: 1, queries: [{ expr: orZero(increase('psdi_lift_failures_total')) }] },
        { title: 'delta_proof_verification_time', about: 'Time to check a delta proof. A deep check lifts again.', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.5, 'psdi_delta_proof_verification_seconds', ['mode']), legend: 'p50 {{mode}}' }, { expr: quantile(0.95, 'psdi_delta_proof_verification_seconds', ['mode']), legend: 'p95 {{mode}}' }] },
        { title: 'Index lag', about: 'From a published pack to the indexes of its programs. The objective is p95 within 60 s.', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.95, 'psdi_index_lag_seconds'), legend: 'p95' }] },
        { title: 'Time of a lift', about: 'To lift, sign and store one index.', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.5, 'psdi_lift_seconds'), legend: 'p50' }, { expr: quantile(0.95, 'psdi_lift_seconds'), legend: 'p95' }] },
      ],
    },
    {
      title: 'Work',
      panels: [
        { title: 'Changed units', about: 'Units of new deltas, by kind and change.', unit: 'short', kind: 'over time', queries: [{ expr: rate('psdi_delta_units_total', ['kind', 'change']), legend: '{{kind}} {{change}}' }] },
        { title: 'Failed lifts', about: 'By reason.', unit: 'short', kind: 'over time', queries: [{ expr: orZero(rate('psdi_lift_failures_total', ['reason'])), legend: '{{reason}}' }] },
        { title: 'Uploads', about: 'Bytes of artifacts taken.', unit: 'Bps', kind: 'over time', queries: [{ expr: rate('psdi_artifact_bytes_uploaded_total') }] },
        { title: 'Files of packs', about: 'By what became of them.', unit: 'short', kind: 'over time', queries: [{ expr: rate('psdi_pack_files_total', ['outcome']), legend: '{{outcome}}' }] },
        { title: 'Caches', about: 'What was asked for, by cache and answer.', unit: 'short', kind: 'over time', queries: [{ expr: rate('psdi_cache_requests_total', ['cache', 'result']), legend: '{{cache}} {{result}}' }] },
        { title: 'Artifacts', about: 'Uploads taken.', unit: 'short', kind: 'over time', queries: [{ expr: rate('psdi_artifacts_uploaded_total') }] },
      ],
    },
  ],
};
