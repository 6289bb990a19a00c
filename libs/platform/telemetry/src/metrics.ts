import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds; from a cached answer (1 ms) to a long replay (5 minutes). */
export const LATENCY_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** A registry of its own for each runtime, so that two may live in one process. Asking twice for a name gives the same metric. */
export class Metrics {
  readonly registry = new Registry();
  readonly #updates: (() => void)[] = [];

  constructor(options: { readonly ofProcess?: boolean } = {}) {
    if (options.ofProcess === true) collectDefaultMetrics({ register: this.registry });
  }

  counter<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return this.#once(name, () => new Counter<L>({ name, help, labelNames: [...labelNames], registers: [this.registry] }));
  }

  gauge<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    return this.#once(name, () => new Gauge<L>({ name, help, labelNames: [...labelNames], registers: [this.registry] }));
  }

  histogram<L extends string = never>(name: string, help: string, labelNames: readonly L[] = [], buckets: readonly number[] = LATENCY_BUCKETS_SECONDS): Histogram<L> {
    return this.#once(name, () => new Histogram<L>({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers: [this.registry] }));
  }

  /** Runs before each reading: sets gauges whose values nobody tells of when they change. */
  beforeReading(update: () => void): void {
    this.#updates.push(update);
  }

  /** The Prometheus text form. */
  async text(): Promise<string> {
    for (const update of this.#updates) update();
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  #once<M>(name: string, make: () => M): M {
    return (this.registry.getSingleMetric(name) as M | undefined) ?? make();
  }
}

/**
 * Rate, errors and duration of an interface (the RED method, Tom Wilkie 2015): `<prefix>_handled_total{method, code}`
 * and `<prefix>_handling_seconds{method}`, plus `<prefix>_in_flight{method}`.
 */
export class RedMetrics {
  readonly #handled: Counter<'method' | 'code'>;
  readonly #seconds: Histogram<'method'>;
  readonly #inFlight = new Map<string, number>();

  constructor(metrics: Metrics, prefix: string) {
    this.#handled = metrics.counter(`${prefix}_handled_total`, 'Calls ended, by method and code.', ['method', 'code']);
    this.#seconds = metrics.histogram(`${prefix}_handling_seconds`, 'Time from the start of a call to its end.', ['method']);
    const inFlight = metrics.gauge(`${prefix}_in_flight`, 'Calls under way.', ['method']);
    metrics.beforeReading(() => {
      for (const [method, calls] of this.#inFlight) inFlight.set({ method }, calls);
    });
  }

  /** Call when a call starts; call the answer once, with its code, when it ends. */
  start(method: string): (code: string) => void {
    this.#count(method, 1);
    const startedMs = performance.now();
    let ended = false;
    return (code) => {
      if (ended) return;
      ended = true;
      this.#seconds.observe({ method }, (performance.now() - startedMs) / 1_000);
      this.#count(method, -1);
      this.#handled.inc({ method, code });
    };
  }

  #count(method: string, change: number): void {
    this.#inFlight.set(method, (this.#inFlight.get(method) ?? 0) + change);
  }
}
