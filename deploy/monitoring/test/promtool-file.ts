import { stringify } from 'yaml';
import type { RuleCase } from './rule-cases.ts';

/** Rules over days are looked at less often: each look reads all that lies in their window. */
const EVALUATION_INTERVAL = { m: '1m', d: '4h' } as const;
type Unit = keyof typeof EVALUATION_INTERVAL;

/** The cases as `promtool test rules` reads them: a file for those of minutes and one for those of days. */
export function promtoolFiles(rules: string, groups: readonly string[], cases: readonly RuleCase[]): readonly string[] {
  const byUnit = Object.groupBy(cases, ({ at }) => at.at(-1) as Unit);
  return Object.entries(byUnit).map(([unit, some]) => promtoolFile(rules, groups, some, EVALUATION_INTERVAL[unit as Unit]));
}

function promtoolFile(rules: string, groups: readonly string[], cases: readonly RuleCase[], interval: string): string {
  return stringify({
    rule_files: [rules],
    evaluation_interval: interval,
    // What is recorded is recorded before alerts look at it.
    group_eval_order: groups,
    tests: cases.map(({ name, alert, series, at, on }) => ({
      name,
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [
        {
          expr: `count without (alertstate, alertname) (ALERTS{alertstate="firing", alertname="${alert}"})`,
          eval_time: at,
          exp_samples: on.map((labels) => ({ labels: `{${Object.entries(labels).map(([key, value]) => `${key}="${value}"`).join(', ')}}`, value: 1 })),
        },
      ],
    })),
  });
}
