/**
 * PromQL as the boards and rules need it. On boards every selector is narrowed to the jobs that the reader chose; rules
 * look at all.
 */
export type Labels = Readonly<Record<string, string>>;

export interface Scope {
  readonly selector: string;
  /** Range of a rate: Grafana's, which follows the zoom, or a fixed one in rules. */
  readonly range: string;
}

export const BOARD: Scope = { selector: 'job=~"$job"', range: '$__rate_interval' };

/** Events per second, summed over replicas, by labels. */
export function rate(metric: string, by: readonly string[] = [], labels: Labels = {}, scope: Scope = BOARD): string {
  return sum(`rate(${series(metric, labels, scope)}[${scope.range}])`, by);
}

/** How many in the time that the board shows. */
export function increase(metric: string, by: readonly string[] = [], labels: Labels = {}, scope: Scope = BOARD): string {
  const range = scope === BOARD ? '$__range' : scope.range;
  return sum(`increase(${series(metric, labels, scope)}[${range}])`, by);
}

/** A quantile of a histogram, by labels. `q` from 0 to 1; the unit is the histogram's. */
export function quantile(q: number, histogram: string, by: readonly string[] = [], labels: Labels = {}, scope: Scope = BOARD): string {
  return `histogram_quantile(${q}, ${sum(`rate(${series(`${histogram}_bucket`, labels, scope)}[${scope.range}])`, ['le', ...by])})`;
}

/** The bucket of a histogram that ends at `bound`, for its label `le`: Prometheus 3 writes whole bounds as `14400.0`. */
export function upTo(bound: number | string): string {
  return /^\d+$/.test(String(bound)) ? `=~"${bound}([.]0)?"` : `="${bound}"`;
}

/** `part` of `whole`, 0 to 1; nothing where there was nothing. */
export function share(part: string, whole: string): string {
  return `(${part}) / (${whole} > 0)`;
}

export function gauge(metric: string, how: 'sum' | 'max' | 'min' = 'max', by: readonly string[] = [], labels: Labels = {}, scope: Scope = BOARD): string {
  return `${how}${by.length > 0 ? ` by (${by.join(', ')})` : ''} (${series(metric, labels, scope)})`;
}

/** Absence of a labelled counter means that it never happened. */
export function orZero(expression: string): string {
  return `(${expression}) or vector(0)`;
}

export function series(metric: string, labels: Labels, { selector }: Scope): string {
  const matchers = [selector, ...Object.entries(labels).map(([name, value]) => `${name}${value}`)].filter((text) => text !== '');
  return matchers.length === 0 ? metric : `${metric}{${matchers.join(', ')}}`;
}

function sum(expression: string, by: readonly string[]): string {
  return by.length === 0 ? `sum(${expression})` : `sum by (${by.join(', ')}) (${expression})`;
}
