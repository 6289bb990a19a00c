import { Outcome } from '@stella/contracts/stella/gate/v1alpha/gate';
import { GateRuntime } from './support/gate-runtime.js';
import { Peers } from './support/peers.js';
import { BASELINE, CANDIDATE, deltaOf, MENDED_PROGRAM, witnessOf } from './support/release.js';

const tenant = 'tenant-1';
const side = (sha256: string) => ({ sha256, label: '', resourceUri: '' });

let gate: GateRuntime;
beforeAll(async () => {
  gate = await GateRuntime.start();
}, 60_000);
afterAll(() => gate.stop());

test('an answer that rests on the baseline’s verdict is not given again once that was taken back', async () => {
  gate.peers.witnesses = [];
  gate.peers.delta = () => deltaOf(MENDED_PROGRAM, MENDED_PROGRAM, [CANDIDATE, BASELINE]);
  const { verdict: ofBaseline } = await gate.evaluate({ baseline: side(CANDIDATE), candidate: side(BASELINE), claims: [], policy: 'policies/rebuild' }, { tenant });
  gate.later();
  const { artifacts, witnesses, delta } = new Peers();
  Object.assign(gate.peers, { artifacts, witnesses, delta });
  const ask = async () => (await gate.evaluate({ baselineBasis: '', policy: 'policies/standard' }, { tenant, roles: ['contributor'] })).verdict;
  expect((await ask()).outcome).toBe(Outcome.OUTCOME_ALLOW);
  gate.later();
  const again = await ask();
  expect([again.cached, again.outcome]).toEqual([true, Outcome.OUTCOME_ALLOW]);
  await gate.client({ tenant, roles: ['maintainer'] }).revokeVerdict({ verdict: ofBaseline.name, reason: 'built from a stolen account', word: 0 });
  gate.later();
  const after = await ask();
  expect([after.cached, after.outcome, after.unmetRules.map(({ rule }) => rule)]).toEqual([false, Outcome.OUTCOME_DENY, expect.arrayContaining(['baseline-known'])]);
});

test('an incident that was recorded on the candidate itself and still happens there: DENY, though nobody claims it', async () => {
  const { artifacts, delta } = new Peers();
  const ofCandidate = witnessOf('app-8', { artifact: { ...witnessOf().core.artifact, sha256: CANDIDATE } });
  Object.assign(gate.peers, { artifacts, delta, witnesses: [witnessOf(), ofCandidate] });
  gate.peers.observe = ({ core }, artifact) => ((core.incident === 'app-8') === (artifact === CANDIDATE) ? 'expected-failure' : 'passed');
  const { verdict } = await gate.evaluate({}, { tenant: 'tenant-2' });
  expect([verdict.outcome, verdict.unmetRules.map(({ rule }) => rule)]).toEqual([Outcome.OUTCOME_DENY, ['candidate-fixed', 'incident-gone']]);
});
