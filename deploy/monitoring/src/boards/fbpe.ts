import type { Board } from '../board.ts';
import { gauge, increase, orZero, quantile, rate, share } from '../promql.ts';

export const fbpe: Board = {
  uid: 'stella-fbpe',
  title: 'Stella / Federation',
  about: 'The own log, what peers say about it, and what is checked of theirs.',
  rows: [
    {
      title: 'Indicators',
      panels: [
        { title: 'Log', about: 'Entries of the own log.', unit: 'short', kind: 'now', queries: [{ expr: gauge('fbpe_log_size', 'max') }] },
        { title: 'Signing', about: '1: the stored log is not what was signed, and nothing is signed any more. Do not restart; see the runbook.', unit: 'short', kind: 'now', badFrom: 1, queries: [{ expr: gauge('fbpe_signing_stopped', 'max') }] },
        { title: 'cross_verify_success_ratio', about: 'Own delta proofs that peers confirmed, of those confirmed, denied, not checkable or met with silence.', unit: 'percentunit', kind: 'now', badBelow: 0.95, queries: [{ expr: gauge('cross_verify_success_ratio', 'min') }] },
        { title: 'Cosigned', about: 'Share of the log that a peer has cosigned.', unit: 'percentunit', kind: 'now', queries: [{ expr: share(gauge('fbpe_cosigned_size', 'max'), gauge('fbpe_log_size', 'max')) }] },
        { title: 'Frozen peerings', about: 'Peers that were caught. The evidence is kept.', unit: 'short', kind: 'now', badFrom: 1, queries: [{ expr: orZero(increase('fbpe_peerings_frozen_total')) }] },
        { title: 'provenance_query_latency', about: 'Time to answer what is known about a subject, with proofs.', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.5, 'provenance_query_latency_seconds'), legend: 'p50' }, { expr: quantile(0.95, 'provenance_query_latency_seconds'), legend: 'p95' }] },
        { title: 'From logged to cross-verified', about: 'From an own entry to what a peer says about it.', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.5, 'fbpe_logged_to_cross_verified_seconds'), legend: 'p50' }, { expr: quantile(0.95, 'fbpe_logged_to_cross_verified_seconds'), legend: 'p95' }] },
        { title: 'What peers say', about: 'About own entries, by result and relation.', unit: 'short', kind: 'over time', queries: [{ expr: rate('fbpe_entries_cross_verified_total', ['result', 'relation']), legend: '{{result}} {{relation}}' }] },
      ],
    },
    {
      title: 'Work',
      panels: [
        { title: 'Appends', about: 'Entries added to the own log.', unit: 'short', kind: 'over time', queries: [{ expr: rate('fbpe_entries_logged_total') }] },
        { title: 'Batches', about: 'Time to commit one, and entries under one new checkpoint.', unit: 'short', kind: 'over time', queries: [{ expr: quantile(0.95, 'fbpe_batch_seconds'), legend: 'p95 s' }, { expr: quantile(0.95, 'fbpe_batch_entries'), legend: 'p95 entries' }] },
        { title: 'Pulls', about: 'Of peers, by outcome.', unit: 'short', kind: 'over time', queries: [{ expr: rate('fbpe_pulls_total', ['outcome']), legend: '{{outcome}}' }] },
        { title: 'Checks made here', about: 'Of peers\' evidence, by result.', unit: 'short', kind: 'over time', queries: [{ expr: orZero(rate('fbpe_cross_verifications_total', ['result'])), legend: '{{result}}' }] },
        { title: 'Cosignatures given', about: 'Checkpoints of peers.', unit: 'short', kind: 'over time', queries: [{ expr: rate('fbpe_checkpoints_cosigned_total') }] },
        { title: 'Payloads refused', about: 'Payloads of peers that were not what their entries say.', unit: 'short', kind: 'over time', queries: [{ expr: rate('fbpe_payloads_refused_total') }] },
      ],
    },
  ],
};
