import type { Board } from '../board.ts';
import { gauge, increase, orZero, quantile, rate } from '../promql.ts';

export const marketplace: Board = {
  uid: 'stella-marketplace',
  title: 'Stella / Marketplace',
  about: 'Symbol packs: what is looked up and found, and what becomes of what is published.',
  rows: [
    {
      title: 'Look-ups',
      panels: [
        { title: 'symbol_coverage_pct', about: 'Look-ups since the start that were served.', unit: 'percent', kind: 'now', queries: [{ expr: gauge('marketplace_symbol_coverage_pct', 'min') }] },
        { title: 'Build ids', about: 'In the memory of a replica.', unit: 'short', kind: 'now', queries: [{ expr: gauge('marketplace_index_build_ids', 'max') }] },
        { title: 'Bytes gone or changed', about: 'Published files whose bytes are gone or are not what they were. Any is an alarm.', unit: 'short', kind: 'now', badFrom: 1, queries: [{ expr: increase('marketplace_read_failures_total') }] },
        { title: 'symbol_lookup_latency', about: 'Entitlement included. A "no" is as fast as a "yes".', unit: 's', kind: 'over time', queries: [{ expr: quantile(0.5, 'marketplace_symbol_lookup_latency_seconds', ['protocol']), legend: 'p50 {{protocol}}' }, { expr: quantile(0.95, 'marketplace_symbol_lookup_latency_seconds', ['protocol']), legend: 'p95 {{protocol}}' }] },
        { title: 'Look-ups', about: 'By protocol and outcome.', unit: 'reqps', kind: 'over time', queries: [{ expr: rate('marketplace_symbol_lookups_total', ['protocol', 'outcome']), legend: '{{protocol}} {{outcome}}' }] },
        { title: 'Names not found', about: 'Published files that could not be asked for names.', unit: 'short', kind: 'over time', queries: [{ expr: rate('marketplace_symbolization_failures_total') }] },
      ],
    },
    {
      title: 'Packs',
      panels: [
        { title: 'Packs by state', about: 'All that are kept.', unit: 'short', kind: 'over time', queries: [{ expr: gauge('marketplace_packs', 'max', ['state']), legend: '{{state}}' }] },
        { title: 'Validations', about: 'By the state that followed.', unit: 'short', kind: 'over time', queries: [{ expr: rate('marketplace_packs_decided_total', ['state']), legend: '{{state}}' }] },
        { title: 'Failures by ground', about: 'Findings of validations that did not pass.', unit: 'short', kind: 'over time', queries: [{ expr: orZero(rate('marketplace_validation_findings_total', ['check', 'state'], { state: '!="passed"' })), legend: '{{check}} {{state}}' }] },
        { title: 'Uploads', about: 'Opened, and refused by reason.', unit: 'short', kind: 'over time', queries: [{ expr: rate('marketplace_uploads_opened_total'), legend: 'opened' }, { expr: orZero(rate('marketplace_uploads_refused_total', ['reason'])), legend: 'refused {{reason}}' }] },
        { title: 'Received', about: 'Bytes of files.', unit: 'Bps', kind: 'over time', queries: [{ expr: rate('marketplace_received_bytes_total') }] },
        { title: 'Keys and namespaces', about: 'Keys registered and revoked; namespaces taken.', unit: 'short', kind: 'over time', queries: [{ expr: orZero(rate('marketplace_keys_total', ['change'])), legend: 'key {{change}}' }, { expr: rate('marketplace_namespaces_created_total'), legend: 'namespace' }] },
      ],
    },
  ],
};
