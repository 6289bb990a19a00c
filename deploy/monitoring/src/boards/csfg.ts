import type { Board } from '../board.ts';
import { gauge, increase, orZero, quantile, rate, share } from '../promql.ts';

export const csfg: Board = {
  uid: 'stella-csfg',
  title: 'Stella / Stacks',
  about: 'Crash stacks: how fast they are matched to incidents, and how many frames have names.',
  rows: [
    {
      title: 'Matching',
      panels: [
        { title: 'Stacks indexed', about: 'In the indexes of a replica.', unit: 'short', kind: 'now', queries: [{ expr: gauge('csfg_index_stacks', 'max') }] },
        { title: 'Frames with a name', about: 'Of the frames of new stacks. The rest waits for symbol packs.', unit: 'percentunit', kind: 'now', queries: [{ expr: share(increase('csfg_frames_total', [], { named: '="yes"' }), increase('csfg_frames_total')) }] },
        { title: 'Conflicts', about: 'Witnesses whose stack belongs to another incident already: a person has to look.', unit: 'short', kind: 'now', badFrom: 1, queries: [{ expr: increase('csfg_incident_conflicts_total') }] },
        { title: 'median_match_latency', about: 'Time to match one stack.', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.5, 'csfg_match_seconds'), legend: 'p50' }, { expr: quantile(0.99, 'csfg_match_seconds'), legend: 'p99' }] },
        { title: 'Answers', about: 'By what was found.', unit: 'short', kind: 'over time', queries: [{ expr: rate('csfg_matches_total', ['verdict']), legend: '{{verdict}}' }] },
        { title: 'Ingest lag', about: 'From a recorded witness to its stored stack.', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.95, 'csfg_ingest_lag_seconds'), legend: 'p95' }] },
      ],
    },
    {
      title: 'Stacks',
      panels: [
        { title: 'Ingested', about: 'Stored for the first time, by format.', unit: 'short', kind: 'over time', queries: [{ expr: rate('csfg_stacks_ingested_total', ['format']), legend: '{{format}}' }] },
        { title: 'Attached and named', about: 'Said to belong to an incident; got names that they lacked; made again for a new normaliser.', unit: 'short', kind: 'over time', queries: [{ expr: rate('csfg_stacks_attached_total'), legend: 'attached' }, { expr: rate('csfg_stacks_named_total'), legend: 'named' }, { expr: orZero(rate('csfg_stacks_renormalised_total')), legend: 'made again' }] },
      ],
    },
  ],
};
