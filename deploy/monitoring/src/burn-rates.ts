import type { Alert, Recording } from './rules.ts';
import { type Objective, OBJECTIVES } from './slos.ts';

/**
 * Multi-window, multi-burn-rate alerts (Google, The Site Reliability Workbook, chapter 5): each fires when the error
 * budget of 30 days burns that much faster than it may, over a long window and still over a short one.
 */
export const BURNS = [
  { factor: 14.4, long: '1h', short: '5m', severity: 'page', hold: '2m' },
  { factor: 6, long: '6h', short: '30m', severity: 'page', hold: '15m' },
  { factor: 3, long: '1d', short: '2h', severity: 'ticket', hold: '1h' },
  { factor: 1, long: '3d', short: '6h', severity: 'ticket', hold: '3h' },
] as const;

const WINDOWS = [...new Set(BURNS.flatMap(({ long, short }) => [short, long]))];

export function recordings(): Recording[] {
  return OBJECTIVES.flatMap((objective) =>
    WINDOWS.map((window) => ({
      record: `stella:slo_bad:ratio_rate${window}`,
      expr: `${objective.badRate(window)} / (${objective.all(window)} > 0)`,
      labels: { slo: objective.id },
    })),
  );
}

export function burnAlerts(): Alert[] {
  return OBJECTIVES.flatMap((objective) =>
    BURNS.map(({ factor, long, short, severity, hold }) => ({
      alert: 'StellaErrorBudgetBurn',
      expr: `${above(objective, factor, long)} and ${above(objective, factor, short)}`,
      for: hold,
      labels: { severity, slo: objective.id, window: long },
      annotations: {
        summary: `Too many ${objective.bad}`,
        description: `The error budget of "${objective.id}" (${percent(1 - objective.objective)} in 30 days) has burnt ${factor} times too fast for ${long}: {{ $value | humanizePercentage }} were bad.`,
      },
      runbook: objective.runbook,
    })),
  );
}

/** The share of bad events above which a burn is too fast. */
export function boundOf({ objective }: Objective, factor: number): number {
  // More than everything cannot be bad: where the budget is large, fast burns mean "nearly all".
  return Number(Math.min(factor * (1 - objective), 0.9).toPrecision(6));
}

function above(objective: Objective, factor: number, window: string): string {
  return `stella:slo_bad:ratio_rate${window}{slo="${objective.id}"} > ${boundOf(objective, factor)}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`;
}
