import type { Alert } from './rules.ts';

/** States that need a person, whatever the budget says. */
export const ALERTS: readonly Alert[] = [
  {
    alert: 'StellaDown',
    expr: 'up{job=~".*stella.*"} == 0',
    for: '3m',
    labels: { severity: 'page' },
    annotations: { summary: '{{ $labels.job }} does not answer', description: '{{ $labels.instance }} of {{ $labels.job }} has not answered for 3 minutes.' },
  },
  {
    alert: 'StellaSigningStopped',
    expr: 'max by (job) (fbpe_signing_stopped) > 0',
    for: '0m',
    labels: { severity: 'page' },
    annotations: { summary: 'The log has stopped signing', description: 'What the database holds is not what was signed: it was rolled back or altered. Nothing is signed until a person has decided.' },
  },
  {
    alert: 'StellaPeeringFrozen',
    expr: 'sum by (job, reason) (increase(fbpe_peerings_frozen_total[1h])) > 0',
    for: '0m',
    labels: { severity: 'page' },
    annotations: { summary: 'A peering was frozen: {{ $labels.reason }}', description: 'A peer was caught showing two histories, or something else that cannot be explained. The evidence is kept.' },
  },
  {
    alert: 'StellaCrossVerificationLow',
    expr: 'min by (job) (cross_verify_success_ratio) < 0.95',
    for: '30m',
    labels: { severity: 'ticket' },
    annotations: { summary: 'Peers confirm too little', description: 'cross_verify_success_ratio is {{ $value | humanizePercentage }}: peers deny, cannot check, or keep silent.' },
  },
  {
    alert: 'StellaDeadLetters',
    expr: 'sum by (consumer, topic) (increase(events_handled_total{outcome="dead"}[15m])) > 0',
    for: '0m',
    labels: { severity: 'page' },
    annotations: { summary: 'Events were given up by {{ $labels.consumer }}', description: '{{ $value | humanize }} events of {{ $labels.topic }} failed again and again. They are kept as dead letters.' },
  },
  {
    alert: 'StellaEventsFailing',
    expr: 'sum by (consumer, topic) (rate(events_handled_total{outcome="failed"}[10m])) > 0.1 * sum by (consumer, topic) (rate(events_handled_total[10m]))',
    for: '15m',
    labels: { severity: 'ticket' },
    annotations: { summary: '{{ $labels.consumer }} fails at {{ $labels.topic }}', description: 'More than a tenth of the attempts fail; those events will become dead letters.' },
  },
  {
    alert: 'StellaCachedResultContradicted',
    expr: 'sum by (job) (increase(frvf_cache_reexecutions_total{result="contradicted"}[1h])) > 0',
    for: '0m',
    labels: { severity: 'page' },
    annotations: { summary: 'A cached replay result was wrong', description: 'A replay did not bear out the result that the cache gave. Verdicts may rest on it.' },
  },
  {
    alert: 'StellaReplaysUnanswered',
    expr: 'sum by (job) (increase(frvf_replays_expired_total[15m])) > 0',
    for: '5m',
    labels: { severity: 'page' },
    annotations: { summary: 'Replays are not answered', description: '{{ $value | humanize }} replays ended without an answer from a worker in 15 minutes.' },
  },
  {
    alert: 'StellaPackBytesGone',
    expr: 'sum by (job) (increase(marketplace_read_failures_total[1h])) > 0',
    for: '0m',
    labels: { severity: 'page' },
    annotations: { summary: 'Published files cannot be read', description: 'The bytes of published files are gone from the blob store, or are not what they were.' },
  },
  {
    alert: 'StellaIncidentOverdue',
    expr: 'max by (milestone) (frvf_incidents_longest_wait_seconds{milestone="witness"}) > 86400 or max by (milestone) (frvf_incidents_longest_wait_seconds{milestone="fix"}) > 2592000',
    for: '30m',
    labels: { severity: 'ticket' },
    annotations: { summary: 'An incident waits for its first {{ $labels.milestone }}', description: 'The oldest one has waited for {{ $value | humanizeDuration }}.' },
  },
  {
    alert: 'StellaEvidenceMissing',
    expr: 'sum by (source) (increase(gate_unanswered_total[15m])) > 3',
    for: '5m',
    labels: { severity: 'ticket' },
    annotations: { summary: 'The gate gets no answer about {{ $labels.source }}', description: 'Evaluations lack evidence that somebody did not give; they end without an ALLOW where a rule needs it.' },
  },
  {
    alert: 'StellaEventLoopBlocked',
    expr: 'max by (job, instance) (nodejs_eventloop_lag_p99_seconds) > 0.5',
    for: '10m',
    labels: { severity: 'ticket' },
    annotations: { summary: '{{ $labels.job }} is blocked', description: 'The event loop of {{ $labels.instance }} lags by {{ $value | humanizeDuration }}; every call waits.' },
  },
];
