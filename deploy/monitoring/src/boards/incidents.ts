import type { Board } from '../board.ts';
import { gauge, increase, quantile, share } from '../promql.ts';
import { INCIDENT_OBJECTIVES } from '../slos.ts';

const SECONDS = 'frvf_incident_milestone_seconds';

/** Objectives per incident: how long one waits for its first witness and for the first build that is free of it. */
export const incidents: Board = {
  uid: 'stella-incidents',
  title: 'Stella / Incidents',
  about: 'Objectives of incidents: time to the first witness, time to the first build shown to be free of it.',
  rows: INCIDENT_OBJECTIVES.map(({ milestone, title, withinSeconds, objective }) => ({
    title,
    panels: [
      { title: 'Waiting now', about: 'Incidents that have not come so far.', unit: 'short', kind: 'now' as const, queries: [{ expr: gauge('frvf_incidents_waiting', 'max', [], { milestone: `="${milestone}"` }) }] },
      { title: 'Longest wait', about: 'Age of the oldest of them.', unit: 's', kind: 'now' as const, badFrom: withinSeconds, queries: [{ expr: gauge('frvf_incidents_longest_wait_seconds', 'max', [], { milestone: `="${milestone}"` }) }] },
      {
        title: 'Within the objective',
        about: `Share that came so far within ${withinSeconds} s; the objective is ${objective}.`,
        unit: 'percentunit',
        kind: 'now' as const,
        badBelow: objective,
        queries: [{ expr: share(increase(`${SECONDS}_bucket`, [], { milestone: `="${milestone}"`, le: `=~"${withinSeconds}([.]0)?"` }), increase(`${SECONDS}_count`, [], { milestone: `="${milestone}"` })) }],
      },
      { title: 'How long it took', about: 'Of those that came so far.', unit: 's', kind: 'over time' as const, queries: [{ expr: quantile(0.5, SECONDS, [], { milestone: `="${milestone}"` }), legend: 'p50' }, { expr: quantile(0.95, SECONDS, [], { milestone: `="${milestone}"` }), legend: 'p95' }] },
    ],
  })),
};
