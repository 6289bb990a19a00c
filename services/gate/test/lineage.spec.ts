import { hash } from 'node:crypto';
import { Outcome, type Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import type { MicroWitness } from '@stella/witness';
import { GateRuntime, type Evaluated } from './support/gate-runtime.js';
import { BROKEN_PROGRAM, deltaOf, MENDED_PROGRAM, witnessOf } from './support/release.js';

let gate: GateRuntime;
beforeAll(async () => {
  gate = await GateRuntime.start();
}, 60_000);
afterAll(() => gate.stop());

let tenant: string;
let tests = 0;
beforeEach(() => {
  tenant = `tenant-${(tests += 1)}`;
  gate.peers.reset();
  releases.forEach((sha256) => gate.peers.artifacts.add(sha256));
  // Mended in the second release.
  gate.peers.observe = (_, artifact) => (artifact === releases[0] ? 'expected-failure' : 'passed');
  gate.peers.witnesses = [recordedOn(releases[0] ?? '')];
});

/** One release after the other. */
const releases = Array.from({ length: 6 }, (_, at) => hash('sha256', `release ${at}`));
const recordedOn = (sha256: string): MicroWitness => witnessOf('app-7', { artifact: { ...witnessOf().core.artifact, sha256 } });
const nameOf = (at: number): string => releases[at] ?? '';

async function evaluate(at: number, change: { readonly claims?: string[]; readonly baselineBasis?: string; readonly fresh?: boolean } = {}): Promise<Evaluated> {
  const [baseline, candidate] = [nameOf(at - 1), nameOf(at)];
  gate.peers.delta = () => deltaOf(at === 1 ? BROKEN_PROGRAM : MENDED_PROGRAM, MENDED_PROGRAM, [baseline, candidate]);
  gate.later();
  return gate.evaluate({ baseline: { sha256: baseline, label: `app@${at - 1}`, resourceUri: '' }, candidate: { sha256: candidate, label: `app@${at}`, resourceUri: '' }, policy: 'policies/standard', claims: [], baselineBasis: '', ...change }, { tenant });
}

const FIX = { claims: ['fixes incident app-7', 'changes parser.(*parser).parse'], baselineBasis: 'runs' };
const factOf = ({ facts }: Verdict, name: string): string | undefined => facts.find((fact) => fact.name === name)?.value;
const rulesOf = ({ unmetRules }: Verdict): string[] => unmetRules.map(({ rule }) => rule);
const verify = (verdict: Verdict, at: number) => gate.verify(verdict, { subjects: [nameOf(at)] }, { tenant });

test('an incident that was fixed in one release and is back in the next is found though nobody claims anything', async () => {
  expect((await evaluate(1, FIX)).verdict.outcome).toBe(Outcome.OUTCOME_ALLOW);
  gate.peers.observe = (_, artifact) => (artifact === nameOf(1) ? 'passed' : 'expected-failure');
  const { verdict, progress } = await evaluate(2);
  expect([verdict.outcome, rulesOf(verdict)]).toEqual([Outcome.OUTCOME_DENY, expect.arrayContaining(['incident-gone'])]);
  expect(progress.find(({ stage }) => stage === 'witness')?.message).toBe('one witness, 1 of earlier releases');
  expect(await verify(verdict, 2)).toMatchObject({ exitCode: 1, answer: { refusal: 'outcome' } });
});

test('it is inherited from release to release, and replayed on the candidate alone', async () => {
  await evaluate(1, FIX);
  for (const at of [2, 3, 4]) {
    gate.peers.calls = [];
    const { verdict } = await evaluate(at);
    expect([verdict.outcome, factOf(verdict, 'witnesses_total'), factOf(verdict, 'witnesses_left_out'), factOf(verdict, 'baseline_basis')]).toEqual([Outcome.OUTCOME_ALLOW, '1', '0', 'verdict']);
    expect(gate.peers.calls.filter(({ call }) => call === 'frvf.createVerification')).toHaveLength(1);
    expect((await verify(verdict, at)).exitCode).toBe(0);
  }
  gate.peers.observe = (_, artifact) => (artifact === nameOf(5) ? 'expected-failure' : 'passed');
  expect(rulesOf((await evaluate(5)).verdict)).toContain('incident-gone');
});

test('through a release whose own verdict does not name it', async () => {
  await evaluate(1, FIX);
  const { verdict: second } = await evaluate(2);
  const own = await gate.runtime.database.service('gate');
  await own.execute('DELETE FROM verdict_witnesses WHERE verdict_id = $1', [second.name.slice('verdicts/'.length)]);
  gate.peers.observe = (_, artifact) => (artifact === nameOf(3) ? 'expected-failure' : 'passed');
  expect(rulesOf((await evaluate(3)).verdict)).toContain('incident-gone');
});

test('a baseline of which somebody says that it runs hands down what its ALLOW was held against, too', async () => {
  await evaluate(1, FIX);
  gate.peers.observe = (_, artifact) => (artifact === nameOf(2) ? 'expected-failure' : 'passed');
  expect(rulesOf((await evaluate(2, { baselineBasis: 'runs' })).verdict)).toContain('incident-gone');
});

test('one that is gone is told, and a person has to decide', async () => {
  await evaluate(1, FIX);
  gate.peers.witnesses = [];
  const { verdict, progress } = await evaluate(2);
  expect([verdict.outcome, rulesOf(verdict), factOf(verdict, 'witnesses_left_out')]).toEqual([Outcome.OUTCOME_REVIEW, ['earlier-incidents-replayed'], '1']);
  expect(progress.find(({ stage }) => stage === 'witness')?.message).toBe('0 witnesses; 1 left out');
  expect((await verify(verdict, 2)).exitCode).toBe(3);
  // It is not forgotten by that.
  expect(factOf((await evaluate(3, { baselineBasis: 'runs' })).verdict, 'witnesses_left_out')).toBe('1');
});

test('other tenants’ verdicts hand down nothing', async () => {
  await evaluate(1, FIX);
  tenant = `${tenant}-other`;
  expect(factOf((await evaluate(2, { baselineBasis: 'runs' })).verdict, 'witnesses_total')).toBe('0');
});
