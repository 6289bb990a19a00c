import { setTimeout as delay } from 'node:timers/promises';

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }[] };
}

/** Prometheus' HTTP API, as far as the tests ask it. */
export class PrometheusApi {
  constructor(private readonly url: string) {}

  /** Values of an instant query; each a number as Prometheus prints it. @throws Error with Prometheus' words */
  async query(promql: string): Promise<{ readonly labels: Readonly<Record<string, string>>; readonly value: number }[]> {
    const answer = await this.#get('query', { query: promql });
    return (answer.data?.result ?? []).map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** Until the query answers with something, at most so long. */
  async until(promql: string, timeoutMs: number): Promise<void> {
    for (const untilMs = Date.now() + timeoutMs; (await this.query(promql)).length === 0; await delay(250)) {
      if (Date.now() > untilMs) throw new Error(`no answer within ${timeoutMs} ms: ${promql}`);
    }
  }

  /** Names of rules that could not be evaluated, with the reason; loading refuses what does not parse. */
  async failingRules(): Promise<string[]> {
    const response = await fetch(`${this.url}/api/v1/rules`);
    const { data } = (await response.json()) as { data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] } };
    return data.groups.flatMap(({ rules }) => rules.filter(({ health }) => health === 'err').map(({ name, lastError }) => `${name}: ${lastError}`));
  }

  async #get(path: string, parameters: Readonly<Record<string, string>>): Promise<Answer> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = (await response.json()) as Answer;
    if (answer.status !== 'success') throw new Error(`${answer.error}: ${JSON.stringify(parameters)}`);
    return answer;
  }
}
