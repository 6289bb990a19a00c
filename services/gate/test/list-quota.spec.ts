import { Outcome } from '@stella/contracts/stella/gate/v1alpha/gate';
import { limits } from '../src/limits.js';
import { GateRuntime } from './support/gate-runtime.js';
import { NOW } from './support/installation.js';
import { CANDIDATE } from './support/release.js';

let gate: GateRuntime;
beforeAll(async () => {
  gate = await GateRuntime.start();
}, 60_000);
afterAll(() => gate.stop());

/** Entries about other candidates, as of so many withdrawals. */
async function fill(tenant: string, from: number, to: number): Promise<void> {
  const own = await gate.runtime.database.service('gate');
  await own.execute(
    `INSERT INTO revocations (tenant, kind, id, reason, at) SELECT $1, 'candidate', lpad(to_hex(n), 64, '0'), 'withdrawn', $4::timestamptz FROM generate_series($2::int, $3::int) AS n`,
    [tenant, from, to - 1, NOW],
  );
}

const metrics = async (): Promise<string> => (await fetch(`${gate.runtime.runtime.httpAddress}/metrics`)).text();
const evaluate = async (tenant: string) => (await gate.evaluate({}, { tenant })).verdict;

test('a list that is nearly full is told; a full one bars its own tenant and nobody else, until its entries end', async () => {
  const [full, other] = ['full', 'other'];
  await fill(full, 0, limits.revocationsListedMax * limits.revocationsNearlyFull - 1);
  expect((await evaluate(full)).outcome).toBe(Outcome.OUTCOME_ALLOW);
  expect(await metrics()).not.toContain('gate_revocation_list_fill_ratio{');

  await fill(full, 50_000, 50_001);
  expect((await gate.revocations({ tenant: full })).list.entries).toHaveLength(limits.revocationsListedMax * limits.revocationsNearlyFull);
  expect(await metrics()).toContain(`gate_revocation_list_fill_ratio{tenant="${full}"} ${limits.revocationsNearlyFull}`);

  await fill(full, 60_000, 60_000 + limits.revocationsListedMax);
  const tooMany = { reason: 'REVOCATIONS_TOO_MANY', facts: { tenant: full, entriesMax: String(limits.revocationsListedMax) } };
  await expect(evaluate(full)).resolves.toMatchObject({ cached: true });
  await expect(gate.evaluate({ fresh: true }, { tenant: full })).rejects.toMatchObject(tooMany);
  await expect(gate.revocations({ tenant: full })).rejects.toMatchObject(tooMany);
  expect((await evaluate(other)).outcome).toBe(Outcome.OUTCOME_ALLOW);
  expect((await gate.revocations({ tenant: other })).list.entries).toEqual([]);

  // What has to be taken back can be: it is kept, and nobody is let through.
  await gate.client({ tenant: full }).withdrawCandidate({ candidateSha256: CANDIDATE, reason: 0, note: '' });
  const { version } = (await gate.revocations({ tenant: other })).list;

  gate.later(limits.revocationsKeptMs + 1);
  const { list } = await gate.revocations({ tenant: full });
  expect(list.entries).toMatchObject([]);
  expect(await metrics()).not.toContain(`tenant="${full}"`);
  expect(list.version).toBeGreaterThan(version);
  const own = await gate.runtime.database.service('gate');
  expect(await own.query('SELECT count(*)::int AS count FROM revocations WHERE tenant = $1', [full])).toEqual([{ count: 0 }]);
  // The candidate stays barred: its withdrawal is evidence, and ends with no list.
  expect((await gate.evaluate({ fresh: true }, { tenant: full })).verdict.unmetRules.map(({ rule }) => rule)).toContain('candidate-not-withdrawn');
}, 120_000);

test('pruning brings nothing back: what left the list has ended for every verifier', async () => {
  const tenant = 'pruned';
  const allowed = await evaluate(tenant);
  await gate.client({ tenant }).withdrawCandidate({ candidateSha256: CANDIDATE, reason: 0, note: '' });
  const said = async (now: Date): Promise<string> => {
    const { answer } = await gate.verify(allowed, { now }, { tenant });
    return answer.answer === 'no' ? `${answer.refusal} ${answer.detail}` : answer.answer === 'could-not-check' ? answer.detail : answer.answer;
  };
  expect(await said(gate.now)).toBe('revoked VERDICT_WITHDRAWN');
  const end = new Date(allowed.validUntilTime ?? 0);
  gate.later(end.getTime() - gate.now.getTime());
  expect(await said(gate.now)).toBe('revoked VERDICT_WITHDRAWN');
  gate.later(25 * 3_600_000);
  expect((await gate.revocations({ tenant })).list.entries).toEqual([]);
  expect(await said(gate.now)).toBe('age ENDED');
  // Nor on a clock that is set back: the list is not of that time.
  expect(await said(new Date(end.getTime() - 1))).toBe('REVOCATIONS_UNAVAILABLE');
});
