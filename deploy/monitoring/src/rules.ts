import { ALERTS } from './alerts.ts';
import { burnAlerts, recordings } from './burn-rates.ts';

export interface Recording {
  readonly record: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>> & { readonly severity: 'page' | 'ticket' };
  readonly annotations: { readonly summary: string; readonly description: string };
  /** Page under `deploy/runbooks`; default: named after the alert. */
  readonly runbook?: string;
}

/** Where operators read the runbooks; the chart puts its own address in its place. */
export const RUNBOOKS = 'https://docs.stella-ops.org/runbooks';

/** The file of rules as Prometheus reads it. */
export function ruleFile(): object {
  return {
    groups: [
      { name: 'stella-slo', interval: '30s', rules: recordings() },
      { name: 'stella-burn-rates', rules: burnAlerts().map(toRule) },
      { name: 'stella-alerts', rules: ALERTS.map(toRule) },
    ],
  };
}

export function runbookOf({ alert, runbook }: Alert): string {
  return `${runbook ?? alert}.md`;
}

export function allAlerts(): Alert[] {
  return [...burnAlerts(), ...ALERTS];
}

function toRule(alert: Alert): object {
  const { runbook: _, annotations, ...rule } = alert;
  return { ...rule, annotations: { ...annotations, runbook_url: `${RUNBOOKS}/${runbookOf(alert)}` } };
}
