/** gRPC codes that are the service's fault, as a regular expression; the rest says something about the request. */
export const SERVER_FAULTS = 'UNKNOWN|INTERNAL|UNAVAILABLE|DATA_LOSS|DEADLINE_EXCEEDED|UNIMPLEMENTED';

const EXAMPLE = 10_000;

/** What incidents are promised; the bounds are bounds of the histogram's buckets. */
export const INCIDENT_OBJECTIVES = [
  { milestone: 'witness', title: 'Time to the first witness', withinSeconds: 14_400, objective: 0.95 },
  { milestone: 'fix', title: 'Time to the first fixed build', withinSeconds: 604_800, objective: 0.9 },
] as const;

/** A service level objective: the share of good events among all, over 30 days. */
export interface Objective {
  readonly id: string;
  /** Completes "too many …". */
  readonly bad: string;
  /** 0 to 1. */
  readonly objective: number;
  /** PromQL of the rate of all, and of bad ones, over a window. */
  readonly all: (window: string) => string;
  readonly badRate: (window: string) => string;
  readonly runbook: string;
  /** Counters that show a share of bad events, by how much they grow in a minute: what the tests of the rules feed. */
  readonly example: (badShare: number) => Readonly<Record<string, number>>;
}

export const OBJECTIVES: readonly Objective[] = [
  {
    id: 'calls',
    bad: 'calls end by a fault of ours',
    objective: 0.999,
    all: (window) => `sum(rate(grpc_server_handled_total[${window}]))`,
    badRate: (window) => `(sum(rate(grpc_server_handled_total{code=~"${SERVER_FAULTS}"}[${window}])) or vector(0))`,
    runbook: 'StellaErrorBudgetBurn-calls',
    example: (bad) => ({ 'grpc_server_handled_total{job="stella", code="OK"}': EXAMPLE * (1 - bad), 'grpc_server_handled_total{job="stella", code="INTERNAL"}': EXAMPLE * bad }),
  },
  slowerThan('cached-verdicts', 'cached verdicts take more than a second', 0.99, 'gate_time_to_verify_seconds', '1', 'end="cached"'),
  slowerThan('verdicts', 'evaluations take more than a minute', 0.95, 'gate_time_to_verify_seconds', '60', 'end="verdict"'),
  slowerThan('symbol-lookups', 'symbol look-ups take more than 50 ms', 0.99, 'marketplace_symbol_lookup_latency_seconds', '0.05', 'protocol="debuginfod"'),
  slowerThan('index-freshness', 'published programs are indexed later than a minute', 0.95, 'psdi_index_lag_seconds', '60', ''),
  {
    id: 'replays',
    bad: 'replays do not end as they should',
    objective: 0.95,
    all: (window) => `sum(rate(replay_success_ratio_runs_total[${window}]))`,
    badRate: (window) => `(sum(rate(replay_success_ratio_runs_total{result="other"}[${window}])) or vector(0))`,
    runbook: 'StellaErrorBudgetBurn-replays',
    example: (bad) => ({ 'replay_success_ratio_runs_total{job="stella", result="success"}': EXAMPLE * (1 - bad), 'replay_success_ratio_runs_total{job="stella", result="other"}': EXAMPLE * bad }),
  },
  ...INCIDENT_OBJECTIVES.map(({ milestone, withinSeconds, objective }) =>
    slowerThan(`incident-${milestone}`, `incidents wait too long for their first ${milestone}`, objective, 'frvf_incident_milestone_seconds', String(withinSeconds), `milestone="${milestone}"`),
  ),
];

/** Events above a bound of a histogram's buckets are bad. */
function slowerThan(id: string, bad: string, objective: number, histogram: string, le: string, matcher: string): Objective {
  const all = (window: string) => `sum(rate(${histogram}_count${matcher && `{${matcher}}`}[${window}]))`;
  // Prometheus 3 writes whole bounds as `14400.0`.
  const bound = /^\d+$/.test(le) ? `le=~"${le}([.]0)?"` : `le="${le}"`;
  const good = (window: string) => `sum(rate(${histogram}_bucket{${[matcher, bound].filter(Boolean).join(', ')}}[${window}]))`;
  const label = matcher && `, ${matcher}`;
  return {
    id,
    bad,
    objective,
    all,
    badRate: (window) => `(${all(window)} - ${good(window)})`,
    runbook: `StellaErrorBudgetBurn-${id}`,
    example: (share) => ({ [`${histogram}_count{job="stella"${label}}`]: EXAMPLE, [`${histogram}_bucket{job="stella"${label}, le="${le}"}`]: EXAMPLE * (1 - share) }),
  };
}
