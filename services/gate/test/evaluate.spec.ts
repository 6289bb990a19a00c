import { PREDICATE_TYPES } from '@stella/attestation';
import { ClaimState, Outcome } from '@stella/contracts/stella/gate/v1alpha/gate';
import type { Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { DomainError } from '@stella/errors';
import { GateRuntime } from './support/gate-runtime.js';
import { KEYS } from './support/installation.js';
import { BASELINE, CANDIDATE, deltaOf, MENDED_PROGRAM, MODULE, signCheck, TRUE_CLAIMS, witnessOf } from './support/release.js';

let gate: GateRuntime;
beforeAll(async () => {
  gate = await GateRuntime.start();
}, 60_000);
afterAll(() => gate.stop());

// A tenant a test: what one decides is not answered to another.
let tenant: string;
let tests = 0;
beforeEach(() => {
  tenant = `tenant-${(tests += 1)}`;
  gate.peers.reset();
});

const evaluate = (change: Parameters<GateRuntime['evaluate']>[0] = {}) => gate.evaluate(change, { tenant });
const verify = (verdict: Verdict, change: Parameters<GateRuntime['verify']>[1] = {}) => gate.verify(verdict, change, { tenant });
const rulesOf = ({ unmetRules }: Verdict): string[] => unmetRules.map(({ rule }) => rule);
const factOf = ({ facts }: Verdict, name: string): string | undefined => facts.find((fact) => fact.name === name)?.value;

describe('a release whose fix is shown and whose change is claimed', () => {
  test('is allowed; the bundle is checked offline, and refused with one byte flipped', async () => {
    const { verdict, progress } = await evaluate();
    expect([verdict.outcome, rulesOf(verdict)]).toEqual([Outcome.OUTCOME_ALLOW, []]);
    expect(verdict.claims.map(({ claim, state }) => [claim, state])).toEqual(TRUE_CLAIMS.map((claim) => [claim, ClaimState.CLAIM_STATE_PROVED]));
    expect(new Set(progress.map(({ stage }) => stage))).toEqual(new Set(['index', 'delta', 'witness', 'replay', 'log', 'cross-verify', 'decide', 'sign']));
    const whole = await gate.bundle(verdict, { tenant });
    expect(await verify(verdict)).toMatchObject({ exitCode: 0, answer: { answer: 'yes' } });
    for (const at of [0.1, 0.35, 0.6, 0.85]) {
      const flipped = Buffer.from(whole);
      const index = Math.floor(flipped.length * at);
      flipped[index] = (flipped[index] ?? 0) ^ 1;
      expect((await verify(verdict, { bundle: flipped })).exitCode).toBe(1);
    }
    expect(await verify(verdict, { subjects: [BASELINE] })).toMatchObject({ exitCode: 1, answer: { refusal: 'subject' } });
    expect(await verify(verdict, { policy: 'a'.repeat(64) })).toMatchObject({ exitCode: 1, answer: { refusal: 'policy' } });
  });

  test('has a summary; every piece of evidence is in the log, and under its own digest', async () => {
    const { verdict } = await evaluate();
    expect(verdict.vsa?.predicateType).toBe(PREDICATE_TYPES.slsaVsa);
    expect(JSON.parse(Buffer.from(verdict.vsaSigstoreBundle).toString())).toMatchObject({ mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' });
    expect(factOf(verdict, 'log_included')).toBe('true');
    const bundle = JSON.parse((await gate.bundle(verdict, { tenant })).toString()) as { evidence: { log: object | null }[] };
    // Two indexes, proof, scope, witness, two results.
    expect(bundle.evidence.map(({ log }) => log !== null)).toEqual(Array(7).fill(true));
  });

  test('row 50: is asked about with the tenant of whoever asks, and with a request id a step', async () => {
    await evaluate();
    expect(new Set(gate.peers.calls.map((call) => call.tenant))).toEqual(new Set([tenant]));
    const ids = gate.peers.calls.map(({ requestId }) => requestId).filter((id) => id !== '');
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('what speaks against a release', () => {
  test('the incident still happens on the candidate: DENY, without a summary', async () => {
    gate.peers.observe = () => 'expected-failure';
    const { verdict } = await evaluate();
    expect([verdict.outcome, rulesOf(verdict)]).toEqual([Outcome.OUTCOME_DENY, expect.arrayContaining(['claims-not-refuted', 'incident-gone'])]);
    expect([verdict.vsa, verdict.vsaSigstoreBundle.length]).toEqual([undefined, 0]);
    expect(await verify(verdict)).toMatchObject({ exitCode: 1, answer: { refusal: 'outcome' } });
  });

  test('an incident that nobody claims, recorded on the baseline, happens on the candidate too', async () => {
    const unclaimed = witnessOf('app-8', { hostname: 'another' });
    gate.peers.witnesses = [witnessOf(), unclaimed];
    gate.peers.observe = ({ core }, artifact) => (core.incident === 'app-8' || artifact === BASELINE ? 'expected-failure' : 'passed');
    const { verdict } = await evaluate();
    expect([verdict.outcome, rulesOf(verdict)]).toEqual([Outcome.OUTCOME_DENY, expect.arrayContaining(['incident-gone'])]);
    expect(factOf(verdict, 'witnesses_total')).toBe('2');
  });

  test('a candidate that merely does not fail: REVIEW, and its bundle is one', async () => {
    gate.peers.observe = (_, artifact) => (artifact === BASELINE ? 'expected-failure' : 'no-failure');
    const { verdict } = await evaluate();
    expect([verdict.outcome, rulesOf(verdict)]).toEqual([Outcome.OUTCOME_REVIEW, expect.arrayContaining(['candidate-fixed'])]);
    expect(await verify(verdict)).toMatchObject({ exitCode: 3 });
  });

  test('changes that no claim covers: REVIEW that names them', async () => {
    gate.peers.delta = () => deltaOf(undefined, { ...MENDED_PROGRAM, 'main.main': 'sends everything elsewhere' });
    const { verdict } = await evaluate();
    expect([verdict.outcome, rulesOf(verdict)]).toEqual([Outcome.OUTCOME_REVIEW, expect.arrayContaining(['functions-explained'])]);
    expect(verdict.unexplained.map(({ displayName, change }) => [displayName, change])).toEqual([['main.main', 'semantic']]);
    expect(verdict.unexplainedCount).toBe(1);
  });

  test('a claim that covers everything says nothing', async () => {
    const { verdict } = await evaluate({ claims: ['fixes incident app-7', `changes ${MODULE}/**`] });
    expect([verdict.outcome, rulesOf(verdict)]).toEqual([Outcome.OUTCOME_REVIEW, ['claims-narrow', 'claims-narrow-together']]);
  });

  test('a claimed incident of which nobody has a witness', async () => {
    gate.peers.incidents.add('app-9');
    const { verdict } = await evaluate({ claims: ['fixes incident app-9', ...TRUE_CLAIMS] });
    expect(verdict.claims[0]).toMatchObject({ claim: 'fixes incident app-9', state: ClaimState.CLAIM_STATE_UNPROVED });
    expect([verdict.outcome, rulesOf(verdict)]).toEqual([Outcome.OUTCOME_REVIEW, ['claims-proved']]);
  });

  test('row 52: artifacts that cannot be compared have no delta: DENY, and the reason is told', async () => {
    gate.peers.before = async (call) => {
      if (call === 'psdi.createDelta') throw new DomainError('INDEXES_NOT_COMPARABLE', { ruleset: 'another' });
    };
    const { verdict, progress } = await evaluate();
    expect([verdict.outcome, rulesOf(verdict)]).toEqual([Outcome.OUTCOME_DENY, expect.arrayContaining(['coverage-known', 'delta-checked'])]);
    expect(progress.find(({ stage }) => stage === 'delta')?.message).toContain('INDEXES_NOT_COMPARABLE');
  });

  test.each(['INPUT_TRUNCATED', 'INPUT_NOT_ELF', 'ARTIFACT_WITHOUT_CODE'] as const)('what cannot be lifted is told by its digest and %s, and nothing is signed about it', async (reason) => {
    const tenant = `unliftable-${reason}`;
    gate.peers.before = async (call) => {
      if (call === 'psdi.createIndex') throw new DomainError(reason, { sha256: CANDIDATE });
    };
    await expect(gate.evaluate({ policy: 'policies/standard' }, { tenant })).rejects.toMatchObject({ reason, kind: 'invalid', facts: { sha256: CANDIDATE } });
    expect((await gate.client({ tenant }).listVerdicts({ candidateSha256: '', pageSize: 0, pageToken: '' })).verdicts).toEqual([]);
  });

  test('a lifter that died says nothing about the release: what comes of it is not the answer to the next call', async () => {
    let deaths = 1;
    gate.peers.before = async (call) => {
      if (call === 'psdi.createIndex' && deaths-- > 0) throw new DomainError('NATIVE_CRASHED', { sha256: CANDIDATE, signal: 'SIGKILL' });
    };
    const question = { policy: 'policies/standard' };
    const first = await evaluate(question);
    expect(first.verdict.outcome).toBe(Outcome.OUTCOME_DENY);
    const second = await evaluate(question);
    expect([second.verdict.outcome, second.verdict.cached]).toEqual([Outcome.OUTCOME_ALLOW, false]);
  });

  test('more witnesses than a decision may be about are not cut short', async () => {
    gate.peers.witnesses = Array.from({ length: 201 }, (_, at) => witnessOf('app-7', { hostname: `host-${at}` }));
    gate.peers.witnessesPerPage = 1_000;
    await expect(evaluate()).rejects.toMatchObject({ reason: 'EVALUATION_FAILED', facts: { witnesses: '201' } });
  });

  test('pages of witnesses are followed to the end', async () => {
    gate.peers.witnesses = Array.from({ length: 5 }, (_, at) => witnessOf('app-7', { hostname: `host-${at}` }));
    expect(factOf((await evaluate()).verdict, 'witnesses_total')).toBe('5');
  });
});

describe('row 45: whoever does not answer leaves facts unknown, and nothing is allowed by that', () => {
  test.each([
    ['psdi', 'DENY', ['coverage-known', 'delta-checked'], 'changed_functions'],
    ['frvf', 'DENY', ['incident-gone', 'replays-completed'], 'witnesses_total'],
    ['frvf.createVerification', 'DENY', ['incident-gone', 'replays-completed'], 'witnesses_candidate_reproduced'],
    ['fbpe', 'REVIEW', ['evidence-logged'], 'log_included'],
  ] as const)('%s: %s', async (name, outcome, rules, fact) => {
    gate.peers.silence(name);
    const { verdict } = await evaluate({ policy: 'policies/standard' });
    expect([verdict.outcome, rulesOf(verdict)]).toEqual([Outcome[`OUTCOME_${outcome}`], expect.arrayContaining([...rules])]);
    expect(factOf(verdict, fact)).toBe('unknown');
    // It is told what is not known, and not as if it were known and bad.
    const unproved = 'the evidence does not prove a claim of the release';
    for (const { rule, reason } of verdict.unmetRules) expect([rule, reason]).toEqual([rule, rule === 'claims-proved' ? unproved : expect.stringMatching(/not known|no delta proof/)]);
    const again = await verify(verdict);
    expect(again.exitCode).toBe(outcome === 'DENY' ? 1 : 3);
    // It is asked again, and takes the place of nothing.
    gate.peers.before = async () => undefined;
    gate.later();
    const next = await evaluate({ policy: 'policies/standard' });
    expect([next.verdict.cached, next.verdict.outcome, next.verdict.supersedes]).toEqual([false, Outcome.OUTCOME_ALLOW, verdict.name]);
  });

  test('a witness whose replays end without a result does not look as if there were none', async () => {
    gate.peers.verificationFails = 'REPLAY_HOST_CHANGED';
    const { verdict } = await evaluate({ policy: 'policies/standard', claims: ['changes parser.(*parser).parse'] });
    expect([verdict.outcome, factOf(verdict, 'witnesses_total')]).toEqual([Outcome.OUTCOME_DENY, 'unknown']);
  });

  test('partners that cannot be asked matter to the policy that wants them', async () => {
    gate.peers.silence('fbpe.getEntry');
    expect((await evaluate()).verdict.outcome).toBe(Outcome.OUTCOME_ALLOW);
    const { verdict } = await evaluate({ policy: 'policies/strict' });
    expect(rulesOf(verdict)).toContain('cross-verified');
    expect(factOf(verdict, 'cross_verifications_independent')).toBe('unknown');
  });

  test('nobody answers: nothing is decided, nothing is issued', async () => {
    gate.peers.silence('psdi', 'frvf', 'fbpe');
    await expect(evaluate()).rejects.toMatchObject({ reason: 'EVIDENCE_UNAVAILABLE', facts: { delta: 'REMOTE_FAILED', witness: 'REMOTE_FAILED' } });
    expect((await gate.client({ tenant }).listVerdicts({ candidateSha256: '', pageSize: 0, pageToken: '' })).verdicts).toEqual([]);
  });

  test('a verdict in force is not lost because somebody is silent', async () => {
    const { verdict: allowed } = await evaluate();
    gate.later();
    gate.peers.silence('psdi');
    const { verdict: denied } = await evaluate({ fresh: true });
    expect([denied.outcome, denied.supersedes]).toEqual([Outcome.OUTCOME_DENY, '']);
    expect(await verify(allowed)).toMatchObject({ exitCode: 0 });
  });
});

describe('partners', () => {
  test('a policy that wants two counts two organisations', async () => {
    const delta = await deltaOf();
    gate.peers.delta = async () => delta;
    gate.peers.checks = [
      { envelope: await signCheck(delta.proof, KEYS.partner) },
      { envelope: await signCheck(delta.proof, KEYS.otherPartner) },
      { envelope: await signCheck(delta.proof, KEYS.stranger) },
    ];
    const { verdict } = await evaluate({ policy: 'policies/strict' });
    expect(factOf(verdict, 'cross_verifications_independent')).toBe('2');
    // Whom the root does not list says nothing, for or against.
    expect(factOf(verdict, 'evidence_refused')).toBe('0');
    expect(rulesOf(verdict)).toEqual(['baseline-decided', 'change-small']);
  });

  test('one that disagrees is heard, whether the policy asks or not', async () => {
    const delta = await deltaOf();
    gate.peers.delta = async () => delta;
    gate.peers.checks = [{ envelope: await signCheck(delta.proof, KEYS.partner, { result: 'disagrees', reason: 'PROOF_ROOT_MISMATCH' }) }];
    const { verdict } = await evaluate();
    expect([verdict.outcome, rulesOf(verdict)]).toEqual([Outcome.OUTCOME_DENY, ['evidence-intact']]);
  });

  test('one that cannot say is no argument', async () => {
    const delta = await deltaOf();
    gate.peers.delta = async () => delta;
    gate.peers.checks = [{ envelope: await signCheck(delta.proof, KEYS.partner, { result: 'cannot', reason: 'ARTIFACT_NOT_FOUND' }) }];
    expect((await evaluate()).verdict.outcome).toBe(Outcome.OUTCOME_ALLOW);
  });
});

test('row 24: a log that proves another entry makes its evidence refused', async () => {
  const append = gate.peers.log.append.bind(gate.peers.log);
  const first = await append((await deltaOf()).scope);
  gate.peers.log.append = async (envelope) => ({ ...(await append(envelope)), proof: first.proof });
  try {
    const { verdict } = await evaluate();
    expect([verdict.outcome, rulesOf(verdict)]).toEqual([Outcome.OUTCOME_DENY, ['evidence-intact', 'evidence-logged']]);
  } finally {
    gate.peers.log.append = append;
  }
});

test('what is counted: outcomes, rules, stages, claims, and what could not be had', async () => {
  gate.peers.silence('fbpe');
  await evaluate();
  const lines = (await (await fetch(`${gate.runtime.runtime.httpAddress}/metrics`)).text()).split('\n');
  const value = (start: string): number => Number(lines.find((line) => line.startsWith(start))?.split(' ').at(-1) ?? Number.NaN);
  for (const start of [
    'gate_verdicts_total{outcome="REVIEW",policy="fast-patch"}',
    'gate_unmet_rules_total{rule="evidence-logged"}',
    'gate_claims_total{kind="fixes_incident",state="proved"}',
    'gate_unanswered_total{source="log",reason="REMOTE_FAILED"}',
    'gate_evidence_total{kind="replay",source="computed"}',
    'gate_time_to_verify_seconds_count{end="verdict"}',
    'gate_explained_changes_ratio_count',
    ...['delta', 'replay', 'log', 'cross-verify', 'decide'].map((stage) => `gate_stage_seconds_count{stage="${stage}"}`),
  ]) {
    expect([start, value(start) > 0]).toEqual([start, true]);
  }
  expect(value('gate_evaluations_running')).toBe(0);
});

describe('row 53: the baseline', () => {
  test('is what an operator says to run; its author may not say so', async () => {
    await expect(gate.evaluate({}, { tenant, roles: ['contributor'] })).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
  });

  test('has an ALLOW of its own, which the verdict shows', async () => {
    gate.peers.witnesses = [];
    gate.peers.delta = () => deltaOf(MENDED_PROGRAM, MENDED_PROGRAM, [CANDIDATE, BASELINE]);
    const side = (sha256: string) => ({ sha256, label: '', resourceUri: '' });
    const first = await gate.evaluate({ baseline: side(CANDIDATE), candidate: side(BASELINE), claims: [], policy: 'policies/rebuild' }, { tenant });
    expect(first.verdict.outcome).toBe(Outcome.OUTCOME_ALLOW);
    gate.later();
    gate.peers.reset();
    const ask = async (policy: string) => (await gate.evaluate({ baselineBasis: '', policy }, { tenant, roles: ['contributor'] })).verdict;
    const verdict = await ask('policies/standard');
    expect([factOf(verdict, 'baseline_basis'), verdict.outcome]).toEqual(['verdict', Outcome.OUTCOME_ALLOW]);
    expect(await verify(verdict)).toMatchObject({ exitCode: 0 });
    // A policy that asks for more does not take the word of one that asks for less.
    const stricter = await ask('policies/fast-patch');
    expect([factOf(stricter, 'baseline_basis'), stricter.outcome]).toEqual(['unknown', Outcome.OUTCOME_DENY]);
  });

  test('on which an incident was recorded is known where an operator asks, and not where its author does', async () => {
    const word = async (roles: readonly ('contributor' | 'operator')[]): Promise<[string | undefined, Outcome]> => {
      const { verdict } = await gate.evaluate({ baselineBasis: '' }, { tenant, roles });
      return [factOf(verdict, 'baseline_basis'), verdict.outcome];
    };
    expect(await word(['contributor'])).toEqual(['unknown', Outcome.OUTCOME_DENY]);
    expect(await word(['operator'])).toEqual(['seed', Outcome.OUTCOME_ALLOW]);
  });
});

describe('what is not even evaluated', () => {
  test.each([
    ['a claim that does not parse', { claims: ['mends things'] }, { reason: 'CLAIM_INVALID', facts: { problem: 'FORM' } }],
    ['row 48: a path trick', { claims: ['changes a/../b'] }, { reason: 'CLAIM_INVALID', facts: { problem: 'PATH' } }],
    ['a policy that is none', { policy: 'policies/mine' }, { reason: 'POLICY_NOT_FOUND' }],
    ['row 48: a label that turns the line', { candidate: { sha256: CANDIDATE, label: 'app\u202e', resourceUri: '' } }, { reason: 'REQUEST_INVALID', facts: { problem: 'BIDIRECTIONAL' } }],
    ['a resource that is no address', { candidate: { sha256: CANDIDATE, label: '', resourceUri: 'app' } }, { reason: 'REQUEST_INVALID', facts: { problem: 'NOT_A_URI' } }],
    ['an incident that nobody knows', { claims: ['fixes incident app-99'] }, { reason: 'INCIDENT_NOT_FOUND' }],
    ['an artifact that nobody knows', { baseline: { sha256: 'b'.repeat(64), label: '', resourceUri: '' } }, { reason: 'ARTIFACT_NOT_FOUND' }],
  ] as const)('%s', async (_, change, error) => {
    await expect(evaluate({ ...change, claims: 'claims' in change ? [...change.claims] : TRUE_CLAIMS })).rejects.toMatchObject(error);
  });
});
