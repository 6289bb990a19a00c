import type { Database } from '@stella/platform-database';
import { z } from 'zod';
import { SqlNewsRepository } from '../src/adapters/sql-news-repository.js';
import { GATE_RETENTION_FIELDS } from '../src/index.js';
import { limits } from '../src/limits.js';
import { GateRuntime } from './support/gate-runtime.js';

const DAY_MS = 24 * 3_600_000;
const SUBJECT = 'something';
let gate: GateRuntime;
let database: Database;

beforeAll(async () => {
  gate = await GateRuntime.start({ newsKeptMs: 181 * DAY_MS, evaluationsKeptMs: 2 * DAY_MS }, undefined, undefined, (context) => (database = context.database));
}, 60_000);
afterAll(() => gate.stop());

const evaluationsOf = async (tenant: string) => (await database.query('SELECT state FROM evaluations WHERE tenant = $1', [tenant])).length;

test('with shorter settings what is older goes and what is younger stays; the verdict stays in any case', async () => {
  const tenant = 'retention';
  // The pass of the start is over then.
  await gate.runtime.runtime.keepHouse();
  const news = new SqlNewsRepository(database);
  for (const [evidence, days] of [['old', 181.5], ['young', 180.5]] as const) {
    const time = new Date(gate.now.getTime() - days * DAY_MS);
    await database.tx((tx) => news.add(tx, { tenant, subjects: [SUBJECT], evidence, time }));
  }
  const { verdict } = await gate.evaluate({}, { tenant });
  gate.later(1.5 * DAY_MS);
  await gate.evaluate({ fresh: true }, { tenant });
  gate.later(-1.5 * DAY_MS);
  expect([await evaluationsOf(tenant), await news.mark(tenant, [SUBJECT])]).toEqual([2, '2']);
  expect(await gate.runtime.runtime.keepHouse()).toBe(true);
  expect([await evaluationsOf(tenant), await news.mark(tenant, [SUBJECT])]).toEqual([2, '1']);
  gate.later(2 * DAY_MS + 60_000);
  expect(await gate.runtime.runtime.keepHouse()).toBe(true);
  expect([await evaluationsOf(tenant), await news.mark(tenant, [SUBJECT])]).toEqual([1, '0']);
  expect(await gate.client({ tenant }).getVerdict({ name: verdict.name })).toMatchObject({ verdict: { name: verdict.name } });
  const told = await gate.runtime.runtime.metrics.text();
  expect(told).toContain('housekeeping_removed_total{service="gate",kind="news"} 2');
  expect(told).toContain('housekeeping_removed_total{service="gate",kind="evaluations"} 1');
});

test('a statement takes no more rows than it is told', async () => {
  const news = new SqlNewsRepository(database);
  await database.tx((tx) => news.add(tx, { tenant: 'many', subjects: Array.from({ length: 25 }, (_, n) => `${SUBJECT} ${n}`), evidence: 'e', time: new Date(0) }));
  const counts = [];
  for (let n = 0; n < 4; n++) counts.push(await news.forgetBefore(new Date(1), 10));
  expect(counts).toEqual([10, 10, 5, 0]);
});

test('the variables have the defaults of before, and bounds that keep answers right', () => {
  const { retentionNews, retentionEvaluations } = GATE_RETENTION_FIELDS;
  const parsed = z.object(GATE_RETENTION_FIELDS).parse({});
  expect(parsed).toEqual({ retentionNews: limits.newsKeptMs, retentionEvaluations: limits.evaluationsKeptMs });
  expect(retentionNews.parse('181d')).toBeGreaterThan(limits.verdictValidMs);
  expect(retentionNews.safeParse('180d').error?.issues[0]?.message).toMatch(/^180d is not within 181d and 3650d: a verdict is in force/);
  expect(retentionEvaluations.parse('1d')).toBeGreaterThan(limits.evaluationMs);
  expect(retentionEvaluations.safeParse('23h').error?.issues[0]?.message).toMatch(/^23h is not within 1d and 3650d: an evaluation that still runs/);
});
