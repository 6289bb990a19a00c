import { stringify } from 'yaml';
import type { RuleCase } from './rule-cases.ts';

/** The cases as `promtool test rules` reads them. */
export function promtoolFile(rules: string, cases: readonly RuleCase[]): string {
  return stringify({
    rule_files: [rules],
    evaluation_interval: '1m',
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
