import { boundOf, BURNS } from '../src/burn-rates.ts';
import { OBJECTIVES } from '../src/slos.ts';

/** What Prometheus is fed, and which alerts it must then have on. */
export interface RuleCase {
  readonly name: string;
  readonly alert: string;
  /** Series → promtool's notation of its values, one a minute. */
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** Labels of each alert that is on, beside its name. */
  readonly on: readonly Readonly<Record<string, string>>[];
}

const DAYS = 4 * 24 * 60;

const BURN_CASES: RuleCase[] = OBJECTIVES.flatMap((objective) => {
  const shares = [0, 0.5 * (1 - objective.objective), ...BURNS.map(({ factor }) => Math.min(1.1 * factor * (1 - objective.objective), 0.95))];
  return shares.map((share) => ({
    name: `${objective.id}: ${share} bad`,
    alert: 'StellaErrorBudgetBurn',
    series: Object.fromEntries(Object.entries(objective.example(share)).map(([series, perMinute]) => [series, `0+${perMinute}x${DAYS}`])),
    at: '4d',
    on: BURNS.filter(({ factor }) => share > boundOf(objective, factor)).map(({ long, severity }) => ({ slo: objective.id, window: long, severity })),
  }));
});

const grows = (from: number) => `0x${from} 1+1x60`;
const both = (alert: string, series: string, labels: Readonly<Record<string, string>>, bad: string, good: string, at = '45m'): RuleCase[] => [
  { name: `${alert} is on`, alert, series: { [series]: bad }, at, on: [labels] },
  { name: `${alert} is off`, alert, series: { [series]: good }, at, on: [] },
];

export const RULE_CASES: readonly RuleCase[] = [
  ...BURN_CASES,
  ...both('StellaDown', 'up{job="acme-stella-gate", instance="a"}', { job: 'acme-stella-gate', instance: 'a', severity: 'page' }, '1x10 0x60', '1x40 0 1x20'),
  ...both('StellaSigningStopped', 'fbpe_signing_stopped{job="fbpe"}', { job: 'fbpe', severity: 'page' }, '0x10 1x60', '0x60'),
  ...both('StellaPeeringFrozen', 'fbpe_peerings_frozen_total{job="fbpe", reason="PEER_FORKED"}', { job: 'fbpe', reason: 'PEER_FORKED', severity: 'page' }, grows(20), '3x60'),
  ...both('StellaCrossVerificationLow', 'cross_verify_success_ratio{job="fbpe"}', { job: 'fbpe', severity: 'ticket' }, '0.9x60', '0.96x60'),
  ...both('StellaDeadLetters', 'events_handled_total{consumer="csfg", topic="t", outcome="dead"}', { consumer: 'csfg', topic: 't', severity: 'page' }, grows(35), '2x60'),
  {
    name: 'StellaEventsFailing is on',
    alert: 'StellaEventsFailing',
    series: { 'events_handled_total{consumer="csfg", topic="t", outcome="failed"}': '0+2x60', 'events_handled_total{consumer="csfg", topic="t", outcome="done"}': '0+10x60' },
    at: '45m',
    on: [{ consumer: 'csfg', topic: 't', severity: 'ticket' }],
  },
  {
    name: 'StellaEventsFailing is off',
    alert: 'StellaEventsFailing',
    series: { 'events_handled_total{consumer="csfg", topic="t", outcome="failed"}': '0+1x60', 'events_handled_total{consumer="csfg", topic="t", outcome="done"}': '0+20x60' },
    at: '45m',
    on: [],
  },
  ...both('StellaCachedResultContradicted', 'frvf_cache_reexecutions_total{job="frvf", result="contradicted"}', { job: 'frvf', severity: 'page' }, grows(20), '0x60'),
  ...both('StellaReplaysUnanswered', 'frvf_replays_expired_total{job="frvf"}', { job: 'frvf', severity: 'page' }, grows(20), '5x60'),
  ...both('StellaPackBytesGone', 'marketplace_read_failures_total{job="marketplace"}', { job: 'marketplace', severity: 'page' }, grows(20), '0x60'),
  ...both('StellaIncidentOverdue', 'frvf_incidents_longest_wait_seconds{milestone="witness"}', { milestone: 'witness', severity: 'ticket' }, '90000x60', '80000x60'),
  ...both('StellaIncidentOverdue', 'frvf_incidents_longest_wait_seconds{milestone="fix"}', { milestone: 'fix', severity: 'ticket' }, '2600000x60', '90000x60'),
  ...both('StellaEvidenceMissing', 'gate_unanswered_total{source="witness", reason="UNAVAILABLE"}', { source: 'witness', severity: 'ticket' }, '0+1x60', '0x30 1x30'),
  ...both('StellaEventLoopBlocked', 'nodejs_eventloop_lag_p99_seconds{job="psdi", instance="a"}', { job: 'psdi', instance: 'a', severity: 'ticket' }, '0.7x60', '0.1x60'),
];
