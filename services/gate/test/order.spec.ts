import { sha256Hex } from '@stella/attestation';
import { VerificationCompleted, WitnessRecorded } from '@stella/contracts/stella/frvf/v1alpha/events';
import { Outcome, type Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { GateRuntime, type Asked } from './support/gate-runtime.js';
import type { Peers } from './support/peers.js';
import { CANDIDATE, signWitness, witnessOf } from './support/release.js';

let gate: GateRuntime;
let second: GateRuntime;
beforeAll(async () => {
  gate = await GateRuntime.start();
  // Another process of the same installation.
  second = await GateRuntime.start({}, gate.runtime.database, gate.runtime.blobs);
}, 120_000);
afterAll(async () => {
  await second.stop();
  await gate.stop();
});

let tenant: string;
let tests = 0;
beforeEach(() => {
  tenant = `tenant-${(tests += 1)}`;
  for (const one of [gate, second]) one.peers.reset();
});

const evaluate = (of: GateRuntime, change: Asked = {}) => of.evaluate(change, { tenant });
const names = async (): Promise<readonly Verdict[]> => (await gate.client({ tenant }).listVerdicts({ candidateSha256: CANDIDATE, pageSize: 0, pageToken: '' })).verdicts;
const callsOf = ({ peers }: GateRuntime, call: string): number => peers.calls.filter((one) => one.call === call).length;

/** The first call of this name waits until it is let go. */
function holdFirst(peers: Peers, held: string): { readonly reached: Promise<void>; readonly release: () => void } {
  let release = (): void => undefined;
  let arrive = (): void => undefined;
  const reached = new Promise<void>((resolve) => (arrive = resolve));
  const gone = new Promise<void>((resolve) => (release = resolve));
  let isFirst = true;
  peers.before = async (call) => {
    if (call !== held || !isFirst) return;
    isFirst = false;
    arrive();
    await gone;
  };
  return { reached, release };
}

const announce = async (topic: string, payload: Uint8Array): Promise<void> => {
  const context = gate.peers.contexts.get('frvf');
  if (!context) throw new Error('no such peer');
  await context.database.tx((tx) => context.events.append(tx, { topic: `stella.frvf.${topic}.v1alpha`, tenant, key: 'key', payload }));
  await gate.runtime.settle();
};

describe('of evaluations of one question the one that began last counts', () => {
  test.each([
    ['in one process', () => gate],
    ['over two processes', () => second],
  ])('a slower one that began earlier is handed the verdict of the one that began later: %s', async (_, other) => {
    const { reached, release } = holdFirst(gate.peers, 'frvf.getVerification');
    const slow = evaluate(gate);
    await reached;
    const { verdict: later } = await evaluate(other(), { fresh: true });
    release();
    const { verdict, progress } = await slow;
    expect([verdict.name, verdict.cached]).toEqual([later.name, true]);
    expect(progress.find(({ stage }) => stage === 'sign')?.message).toMatch(/began later/);
    expect((await names()).map(({ name }) => name)).toEqual([later.name]);
    expect((await gate.verify(later, {}, { tenant })).exitCode).toBe(0);
  });

  test('what it found that the later one did not know is not lost: it begins again, as the newest', async () => {
    const { reached, release } = holdFirst(gate.peers, 'fbpe.getEntry');
    gate.peers.observe = () => 'expected-failure';
    const slow = evaluate(gate);
    await reached;
    const { verdict: later } = await evaluate(second, { fresh: true });
    expect(later.outcome).toBe(Outcome.OUTCOME_ALLOW);
    release();
    const { verdict, progress } = await slow;
    expect([verdict.outcome, verdict.supersedes]).toEqual([Outcome.OUTCOME_DENY, later.name]);
    expect(progress.map(({ message }) => message).join()).toMatch(/for app/);
    expect(await gate.verify(later, {}, { tenant })).toMatchObject({ exitCode: 1, answer: { facts: { reason: 'refuted' } } });
    // Asked anew, not for what was found before.
    const asked = gate.peers.calls.filter(({ call }) => call === 'frvf.createVerification').map(({ requestId }) => requestId);
    expect([asked.length, new Set(asked).size]).toEqual([4, 4]);
  });

  test('an ALLOW that began before a DENY is not issued after it', async () => {
    const { reached, release } = holdFirst(gate.peers, 'fbpe.getEntry');
    const slow = evaluate(gate);
    await reached;
    second.peers.observe = () => 'expected-failure';
    const { verdict: denied } = await evaluate(second, { fresh: true });
    // What the slow one will see when it looks again.
    gate.peers.observe = () => 'expected-failure';
    release();
    const { verdict } = await slow;
    expect([denied.outcome, verdict.outcome]).toEqual([Outcome.OUTCOME_DENY, Outcome.OUTCOME_DENY]);
    expect((await names()).map(({ outcome }) => outcome)).not.toContain(Outcome.OUTCOME_ALLOW);
  });

  test('nor when the DENY was to another question: what speaks against the candidate came to be known meanwhile', async () => {
    const { reached, release } = holdFirst(gate.peers, 'fbpe.getEntry');
    const elsewhere = witnessOf('app-8', { artifact: { ...witnessOf().core.artifact, sha256: 'e'.repeat(64) } });
    const slow = evaluate(gate);
    await reached;
    for (const { peers } of [gate, second]) {
      peers.incidents.add('app-8');
      peers.witnesses = [witnessOf(), elsewhere];
      peers.observe = ({ core }, artifact) => (core.incident === 'app-8' || artifact !== CANDIDATE ? 'expected-failure' : 'passed');
    }
    const { verdict: denied } = await evaluate(second, { claims: ['fixes incident app-8'] });
    release();
    const { verdict } = await slow;
    expect([denied.outcome, verdict.outcome]).toEqual([Outcome.OUTCOME_DENY, Outcome.OUTCOME_DENY]);
    expect(verdict.unmetRules.map(({ rule }) => rule)).toContain('incident-gone');
    const metrics = await (await fetch(`${gate.runtime.runtime.httpAddress}/metrics`)).text();
    expect(metrics).toMatch(/gate_evaluations_begun_again_total\{reason="refutation"\} [1-9]/);
  });

  test('asked in other words it is another answer: the slower one begins again', async () => {
    const { reached, release } = holdFirst(gate.peers, 'frvf.getVerification');
    const slow = evaluate(gate, { candidate: { sha256: CANDIDATE, label: 'app', resourceUri: 'pkg:npm/one@1' } });
    await reached;
    const { verdict: later } = await evaluate(second);
    release();
    const { verdict } = await slow;
    expect([verdict.candidate?.resourceUri, verdict.supersedes, verdict.cached]).toEqual(['pkg:npm/one@1', later.name, false]);
  });

  test('who is overtaken again and again hears of it', async () => {
    const uri = (at: number): Asked => ({ candidate: { sha256: CANDIDATE, label: 'app', resourceUri: `pkg:npm/app@${at}` } });
    let at = 0;
    gate.peers.before = async (call) => {
      if (call === 'fbpe.getEntry') await evaluate(second, uri((at += 1)));
    };
    await expect(evaluate(gate)).rejects.toMatchObject({ reason: 'EVALUATION_FAILED', facts: { rounds: '5' } });
    expect(await names()).toHaveLength(5);
  }, 60_000);
});

describe('who shares an evaluation', () => {
  test('a fresh one is not shared with one that began before', async () => {
    const { reached, release } = holdFirst(gate.peers, 'psdi.createDelta');
    const held = evaluate(gate);
    await reached;
    const { verdict } = await evaluate(gate, { fresh: true });
    expect(callsOf(gate, 'psdi.createDelta')).toBe(2);
    release();
    // It was overtaken, and is handed what is newer.
    expect((await held).verdict.name).toBe(verdict.name);
  });

  test('nor are two fresh ones', async () => {
    const { reached, release } = holdFirst(gate.peers, 'psdi.createDelta');
    const all = [evaluate(gate, { fresh: true }), evaluate(gate, { fresh: true }), evaluate(gate, { fresh: true })];
    await reached;
    release();
    await Promise.all(all);
    expect(callsOf(gate, 'psdi.createDelta')).toBe(3);
  });

  test('nobody joins one that began before news about the question', async () => {
    const fresh = witnessOf('app-7', { hostname: 'elsewhere' });
    const { reached, release } = holdFirst(gate.peers, 'fbpe.getEntry');
    const held = evaluate(gate);
    await reached;
    gate.peers.witnesses = [witnessOf(), fresh];
    const message = { witness: `witnesses/${fresh.witnessId}`, incident: 'incidents/app-7', artifactSha256: 'c'.repeat(64), evidenceSha256: sha256Hex(await signWitness(fresh)), stack: Buffer.alloc(0), stackFormat: '' };
    await announce('witness-recorded', WitnessRecorded.encode(message).finish());
    const { verdict } = await evaluate(gate);
    const witnesses = ({ facts }: Verdict) => facts.find(({ name }) => name === 'witnesses_total')?.value;
    expect([verdict.cached, witnesses(verdict)]).toEqual([false, '2']);
    release();
    expect((await held).verdict.name).toBe(verdict.name);
  });

  test('who joined one that turns out to have missed such news gets an evaluation of his own', async () => {
    const { reached, release } = holdFirst(gate.peers, 'fbpe.getEntry');
    const held = evaluate(gate);
    await reached;
    await announce('verification-completed', VerificationCompleted.encode({ verification: 'v', witness: `witnesses/${witnessOf().witnessId}`, artifactSha256: CANDIDATE, outcome: 1, evidenceSha256: sha256Hex(Buffer.from('another')) }).finish());
    const joined = evaluate(gate);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(callsOf(gate, 'psdi.createDelta')).toBe(1);
    gate.later(10_000);
    release();
    const [one, other] = [(await held).verdict, (await joined).verdict];
    expect([other.name === one.name, other.supersedes, callsOf(gate, 'psdi.createDelta')]).toEqual([false, one.name, 2]);
  });
});
