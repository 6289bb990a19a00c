import type { Board } from '../board.ts';
import { gauge, increase, orZero, quantile, rate, share } from '../promql.ts';

export const frvf: Board = {
  uid: 'stella-frvf',
  title: 'Stella / Replays',
  about: 'Micro-witnesses and their replays: whether failures come back as they were recorded, and how fast that is known.',
  rows: [
    {
      title: 'Indicators',
      panels: [
        { title: 'replay_success_ratio', about: 'Runs of results that are verdicts, and of flaky ones, that succeeded.', unit: 'percentunit', kind: 'now', badBelow: 0.95, queries: [{ expr: share(increase('replay_success_ratio_runs_total', [], { result: '="success"' }), increase('replay_success_ratio_runs_total')) }] },
        { title: 'deterministic_score_variance', about: 'Mean number of distinct canonical outcomes of a result, less one. Not 0: a capsule or a canonicaliser lets something through.', unit: 'short', kind: 'now', badFrom: 0.001, queries: [{ expr: share(increase('deterministic_score_variance_sum'), increase('deterministic_score_variance_count')) }] },
        { title: 'Cache hits', about: 'Verifications that were answered from the cache.', unit: 'percentunit', kind: 'now', queries: [{ expr: share(increase('frvf_verify_cache_total', [], { answer: '="hit"' }), increase('frvf_verify_cache_total')) }] },
        { title: 'Quota rejections', about: 'Requests refused because a tenant has enough replays under way.', unit: 'short', kind: 'now', queries: [{ expr: increase('frvf_quota_rejections_total') }] },
        { title: 'Cached results contradicted', about: 'A cached result that a replay did not bear out. Any is an alarm.', unit: 'short', kind: 'now', badFrom: 1, queries: [{ expr: orZero(increase('frvf_cache_reexecutions_total', [], { result: '="contradicted"' })) }] },
        { title: 'verify_time_ms', about: 'From the request to the result.', unit: 'ms', kind: 'over time', queries: [{ expr: quantile(0.5, 'verify_time_ms', ['source']), legend: 'p50 {{source}}' }, { expr: quantile(0.95, 'verify_time_ms', ['source']), legend: 'p95 {{source}}' }] },
        { title: 'Results', about: 'By class. Only reproduced and fixed are verdicts.', unit: 'short', kind: 'over time', queries: [{ expr: rate('frvf_verifications_total', ['outcome']), legend: '{{outcome}}' }] },
        { title: 'Witnesses', about: 'Recorded, by level.', unit: 'short', kind: 'over time', queries: [{ expr: rate('frvf_witnesses_recorded_total', ['determinism', 'isolation']), legend: '{{determinism}} {{isolation}}' }] },
      ],
    },
    {
      title: 'Workers',
      panels: [
        { title: 'Replays', about: 'Answered by workers, by result.', unit: 'short', kind: 'over time', queries: [{ expr: rate('replay_worker_replays_total', ['result']), legend: '{{result}}' }] },
        { title: 'Runs', about: 'Runs in capsules, by whether they could be made.', unit: 'short', kind: 'over time', queries: [{ expr: rate('replay_worker_runs_total', ['result']), legend: '{{result}}' }] },
        { title: 'Time of a run', about: 'Wall time of the program in its capsule.', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.5, 'replay_worker_run_seconds'), legend: 'p50' }, { expr: quantile(0.95, 'replay_worker_run_seconds'), legend: 'p95' }] },
        { title: 'Caps hit', about: 'Runs that hit a cap, by cap.', unit: 'short', kind: 'over time', queries: [{ expr: orZero(rate('replay_worker_caps_hit_total', ['cap'])), legend: '{{cap}}' }] },
        { title: 'Not answered, or late', about: 'Replays that nobody answered in time, and answers after that.', unit: 'short', kind: 'over time', queries: [{ expr: rate('frvf_replays_expired_total'), legend: 'expired' }, { expr: rate('frvf_replays_answered_late_total'), legend: 'late' }] },
        { title: 'Without a result', about: 'Recordings and verifications that failed, by reason.', unit: 'short', kind: 'over time', queries: [{ expr: orZero(rate('frvf_verifications_failed_total', ['reason'])), legend: 'verification {{reason}}' }, { expr: orZero(rate('frvf_recordings_failed_total', ['reason'])), legend: 'recording {{reason}}' }] },
      ],
    },
    {
      title: 'Waiting',
      panels: [
        { title: 'Incidents waiting', about: 'By what they wait for.', unit: 'short', kind: 'now', queries: [{ expr: gauge('frvf_incidents_waiting', 'max', ['milestone']), legend: '{{milestone}}' }] },
      ],
    },
  ],
};
