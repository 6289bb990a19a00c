import { Outcome, type Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { GateRuntime, type Asked } from './support/gate-runtime.js';
import { KEYS } from './support/installation.js';
import { CANDIDATE, deltaOf, MENDED_PROGRAM, signCheck, TRUE_CLAIMS, witnessOf } from './support/release.js';

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
});

const OTHER_BASELINE = 'b'.repeat(64);
const evaluate = async (change: Asked = {}, roles?: readonly ('contributor' | 'operator')[]): Promise<Verdict> => {
  gate.later();
  return (await gate.evaluate(change, { tenant, ...(roles && { roles }) })).verdict;
};
const said = async (verdict: Verdict): Promise<string> => {
  const { answer } = await gate.verify(verdict, {}, { tenant });
  return answer.answer === 'no' ? `${answer.refusal} ${answer.detail} ${answer.facts['reason'] ?? ''}`.trim() : answer.answer;
};
const shown = async ({ name }: Verdict) => (await gate.client({ tenant }).getVerdict({ name })).verdict;
const outcome = ({ outcome: word }: Verdict): string => Outcome[word].replace('OUTCOME_', '');

/** The candidate fails the witness from now on. */
function regress(): void {
  gate.peers.observe = () => 'expected-failure';
}

/** Both are known to psdi; from each of them the same changed. */
function twoBaselines(): void {
  gate.peers.artifacts.add(OTHER_BASELINE);
  gate.peers.delta = () => deltaOf(undefined, undefined, [lastBaseline, CANDIDATE]);
}
let lastBaseline = '';
const from = (baselineSha256: string, change: Asked = {}): Promise<Verdict> => {
  lastBaseline = baselineSha256;
  return evaluate({ ...change, baseline: { sha256: baselineSha256, label: '', resourceUri: '' } });
};

describe('evidence against the candidate takes back every answer that was given without it, whoever asked for what', () => {
  test.each<[string, Asked, readonly ('contributor' | 'operator')[]]>([
    ['the same question', {}, ['operator']],
    ['a contributor, who may not say what runs', { baselineBasis: '' }, ['contributor']],
    ['other claims', { claims: ['changes parser.(*parser).parse'] }, ['operator']],
    ['no claims', { claims: [] }, ['operator']],
    ['another policy', { policy: 'policies/standard' }, ['operator']],
  ])('row 51: %s', async (_, change, roles) => {
    const [allowed, lax] = [await evaluate(), await evaluate({ policy: 'policies/standard', claims: [...TRUE_CLAIMS, 'changes printer.Close'] })];
    expect([outcome(allowed), outcome(lax)]).toEqual(['ALLOW', 'REVIEW']);
    regress();
    const denied = await evaluate({ ...change, fresh: true }, roles);
    expect(outcome(denied)).toBe('DENY');
    for (const one of [allowed, lax]) {
      expect(await said(one)).toBe('revoked VERDICT_SUPERSEDED refuted');
      expect(await shown(one)).toMatchObject({ revoked: true, revocationReason: 'refuted', supersededBy: denied.name });
    }
    // It says no by itself, and needs no entry.
    expect(await shown(denied)).toMatchObject({ revoked: false, revocationReason: '' });
  });

  test('a partner who lifts another delta', async () => {
    const delta = await deltaOf();
    gate.peers.delta = async () => delta;
    const allowed = await evaluate();
    gate.peers.checks = [{ envelope: await signCheck(delta.proof, KEYS.partner, { result: 'disagrees', reason: 'PROOF_ROOT_MISMATCH' }) }];
    expect(outcome(await evaluate({ claims: [], fresh: true }))).toBe('DENY');
    expect(await said(allowed)).toBe('revoked VERDICT_SUPERSEDED refuted');
  });

  test('another part that is silent changes nothing about it', async () => {
    const allowed = await evaluate();
    regress();
    gate.peers.silence('psdi');
    expect(outcome(await evaluate({ fresh: true }))).toBe('DENY');
    expect(await said(allowed)).toBe('revoked VERDICT_SUPERSEDED refuted');
  });

  test('it is one entry, however many answers there were, and none the second time', async () => {
    for (const policy of ['policies/fast-patch', 'policies/standard']) for (let at = 0; at < 3; at++) await evaluate({ policy, fresh: true });
    regress();
    const entries = async () => (await gate.revocations({ tenant })).list.entries.map(({ kind, id, reason }) => [kind, id, reason]);
    await evaluate({ fresh: true });
    expect(await entries()).toEqual([['candidate', CANDIDATE, 'refuted']]);
    const { version } = (await gate.revocations({ tenant })).list;
    for (const policy of ['policies/fast-patch', 'policies/standard', 'policies/rebuild']) await evaluate({ policy, fresh: true });
    expect((await gate.revocations({ tenant })).list.version).toBe(version);
  });

  test('a later question that does not ask about the incident is held against it all the same', async () => {
    // Recorded on neither of the two: only who claims it asks about it.
    const elsewhere = witnessOf('app-8', { artifact: { ...witnessOf().core.artifact, sha256: 'e'.repeat(64) } });
    gate.peers.incidents.add('app-8');
    gate.peers.witnesses = [witnessOf(), elsewhere];
    gate.peers.observe = ({ core }, artifact) => (core.incident === 'app-8' || artifact !== CANDIDATE ? 'expected-failure' : 'passed');
    expect(outcome(await evaluate())).toBe('ALLOW');
    expect(outcome(await evaluate({ claims: ['fixes incident app-8'] }))).toBe('DENY');
    const after = await evaluate({ fresh: true });
    expect([outcome(after), after.unmetRules.map(({ rule }) => rule)]).toEqual(['DENY', expect.arrayContaining(['incident-gone'])]);
    expect(await gate.verify(after, {}, { tenant })).toMatchObject({ exitCode: 1, answer: { refusal: 'outcome' } });
    // Once it passes, it may go out; the witness is still asked for.
    gate.peers.observe = (_, artifact) => (artifact === CANDIDATE ? 'passed' : 'expected-failure');
    const mended = await evaluate({ fresh: true });
    expect([outcome(mended), mended.facts.find(({ name }) => name === 'witnesses_total')?.value]).toEqual(['ALLOW', '2']);
    // A witness that is gone cannot be asked: a person has to decide.
    gate.peers.witnesses = [witnessOf()];
    const without = await evaluate({ fresh: true });
    expect([outcome(without), without.unmetRules.map(({ rule }) => rule)]).toEqual(['REVIEW', ['earlier-incidents-replayed']]);
    expect(await said(without)).toBe('review');
  });
});

describe('what somebody asks otherwise takes nothing from others', () => {
  test.each<[string, () => Promise<Verdict>]>([
    ['a contributor, for whom the baseline is not known', () => evaluate({ baselineBasis: '' }, ['contributor'])],
    ['without claims', () => evaluate({ claims: [] })],
    ['with claims that are refuted', () => evaluate({ claims: [...TRUE_CLAIMS, 'no semantic change'] })],
    ['under another policy', () => evaluate({ policy: 'policies/rebuild' })],
    ['against another baseline', () => (twoBaselines(), from(OTHER_BASELINE, { baselineBasis: '' }))],
  ])('%s', async (_, ask) => {
    const allowed = await evaluate();
    const other = await ask();
    expect([outcome(allowed), other.cached, other.supersedes]).toEqual(['ALLOW', false, '']);
    expect(outcome(other)).not.toBe('ALLOW');
    expect([await said(allowed), (await shown(allowed))?.revoked]).toEqual(['yes', false]);
    expect((await evaluate()).name).toBe(allowed.name);
    expect((await gate.revocations({ tenant })).list.entries).toEqual([]);
  });
});

describe('the same question', () => {
  const MERELY = (_: unknown, artifact: string) => (artifact === CANDIDATE ? 'no-failure' : 'expected-failure') as never;

  test('a REVIEW takes the place of an ALLOW, and an ALLOW that of a REVIEW', async () => {
    const first = await evaluate();
    gate.peers.observe = MERELY;
    const review = await evaluate({ fresh: true });
    expect([outcome(review), review.supersedes]).toEqual(['REVIEW', first.name]);
    expect(await said(first)).toBe('revoked VERDICT_SUPERSEDED superseded');
    expect((await gate.revocations({ tenant })).list.entries).toMatchObject([{ kind: 'question', reason: 'superseded' }]);
    expect(await said(review)).toBe('review');
    gate.peers.observe = (_, artifact) => (artifact === CANDIDATE ? 'passed' : 'expected-failure');
    const again = await evaluate({ fresh: true });
    expect([outcome(again), again.supersedes]).toEqual(['ALLOW', review.name]);
    expect([await said(again), await said(first)]).toEqual(['yes', 'revoked VERDICT_SUPERSEDED superseded']);
    expect(await shown(review)).toMatchObject({ revoked: false, supersededBy: again.name });
  });

  test('an ALLOW that another ALLOW follows still holds, and needs no entry', async () => {
    const first = await evaluate();
    const second = await evaluate({ fresh: true });
    expect([second.name === first.name, second.supersedes]).toEqual([false, first.name]);
    expect([await said(first), await said(second)]).toEqual(['yes', 'yes']);
    expect(await shown(first)).toMatchObject({ revoked: false, supersededBy: second.name });
    expect((await gate.revocations({ tenant })).list.entries).toEqual([]);
    // Both fall when something speaks against them.
    gate.peers.observe = MERELY;
    await evaluate({ fresh: true });
    expect([await said(first), await said(second)]).toEqual(Array(2).fill('revoked VERDICT_SUPERSEDED superseded'));
  });

  test('in other words it is the same question: each keeps its own answer, until that is another one', async () => {
    const named = (resourceUri: string): Asked => ({ candidate: { sha256: CANDIDATE, label: 'app', resourceUri } });
    const [one, other] = [await evaluate(named('pkg:npm/one@1')), await evaluate(named('pkg:npm/other@1'))];
    expect(other.supersedes).toBe(one.name);
    for (const [uri, verdict] of [['pkg:npm/one@1', one], ['pkg:npm/other@1', other]] as const) {
      const again = await evaluate(named(uri));
      expect([again.cached, again.name, again.candidate?.resourceUri]).toEqual([true, verdict.name, uri]);
    }
    gate.peers.observe = MERELY;
    const review = await evaluate({ ...named('pkg:npm/one@1'), fresh: true });
    expect(outcome(review)).toBe('REVIEW');
    expect(await said(other)).toBe('revoked VERDICT_SUPERSEDED superseded');
    expect(await evaluate(named('pkg:npm/other@1'))).toMatchObject({ cached: false, outcome: Outcome.OUTCOME_REVIEW });
  });

  test('a verdict that the version before kept, which knows no question, falls with the others about that baseline and policy', async () => {
    const allowed = await evaluate();
    const own = await gate.runtime.database.service('gate');
    await own.execute(`UPDATE verdicts SET question_sha256 = '', began = 0, valid_until = NULL, signers = '{}' WHERE tenant = $1`, [tenant]);
    gate.peers.observe = MERELY;
    expect(await evaluate({ fresh: true, claims: ['changes parser.(*parser).parse'] })).toMatchObject({ outcome: Outcome.OUTCOME_REVIEW, supersedes: allowed.name });
    expect(await shown(allowed)).toMatchObject({ revoked: true, revocationReason: 'superseded' });
  });

  test('silence takes no place', async () => {
    const allowed = await evaluate();
    gate.peers.silence('frvf');
    const denied = await evaluate({ fresh: true });
    expect([outcome(denied), denied.supersedes, await said(allowed)]).toEqual(['DENY', '', 'yes']);
  });
});

describe('what rests on an ALLOW of the baseline', () => {
  /** An ALLOW about the baseline, and one about the candidate that rests on it. */
  async function chain(): Promise<readonly [Verdict, Verdict]> {
    gate.peers.witnesses = [];
    gate.peers.delta = () => deltaOf(MENDED_PROGRAM, MENDED_PROGRAM, [OTHER_BASELINE, CANDIDATE]);
    gate.peers.artifacts.add(OTHER_BASELINE);
    const side = (sha256: string) => ({ sha256, label: '', resourceUri: '' });
    const ofCandidate: Asked = { baseline: side(OTHER_BASELINE), candidate: side(CANDIDATE), claims: [], policy: 'policies/rebuild', baselineBasis: '' };
    const ofBaseline: Asked = { baseline: side('d'.repeat(64)), candidate: side(OTHER_BASELINE), claims: [], policy: 'policies/rebuild' };
    gate.peers.artifacts.add('d'.repeat(64));
    const candidateDelta = gate.peers.delta;
    gate.peers.delta = () => deltaOf(MENDED_PROGRAM, MENDED_PROGRAM, ['d'.repeat(64), OTHER_BASELINE]);
    const first = await evaluate(ofBaseline);
    renew = () => {
      gate.peers.delta = () => deltaOf(MENDED_PROGRAM, MENDED_PROGRAM, ['d'.repeat(64), OTHER_BASELINE]);
      return evaluate({ ...ofBaseline, fresh: true });
    };
    gate.peers.delta = candidateDelta;
    const second = await evaluate(ofCandidate, ['contributor']);
    expect([outcome(first), outcome(second), second.facts.find(({ name }) => name === 'baseline_basis')?.value]).toEqual(['ALLOW', 'ALLOW', 'verdict']);
    return [first, second];
  }
  let renew: () => Promise<Verdict>;
  const ofBaseline = (verdict: Verdict) => gate.verify(verdict, { subjects: [OTHER_BASELINE] }, { tenant });

  test('survives when another ALLOW takes that one’s place', async () => {
    const [first, second] = await chain();
    const renewed = await renew();
    expect([outcome(renewed), renewed.supersedes]).toEqual(['ALLOW', first.name]);
    expect([await said(second), (await ofBaseline(first)).exitCode]).toEqual(['yes', 0]);
  });

  test('falls when a DENY takes its place: the bundle is refused by what it holds, and by the list', async () => {
    const [, second] = await chain();
    gate.peers.witnesses = [witnessOf('app-7', { artifact: { ...witnessOf().core.artifact, sha256: OTHER_BASELINE } })];
    regress();
    expect(outcome(await renew())).toBe('DENY');
    expect(await said(second)).toBe('revoked VERDICT_SUPERSEDED unfounded');
    const { trustRoot, list } = await gate.revocations({ tenant });
    expect(list.entries.map(({ kind, reason }) => [kind, reason]).sort()).toEqual([['candidate', 'refuted'], ['verdict', 'unfounded']]);
    // Had the list only the entry about the baseline, the ALLOW in the bundle would not count.
    const shorter = await gate.signList(list, (entry) => entry.kind === 'candidate');
    expect(await gate.verify(second, { trustRoot, revocationList: shorter }, { tenant })).toMatchObject({ exitCode: 1, answer: { refusal: 'evidence', detail: 'STATEMENT_REVOKED' } });
  });

  test('falls when it is withdrawn, through every step', async () => {
    const [first, second] = await chain();
    // A third release rests on the second.
    gate.peers.artifacts.add('f'.repeat(64));
    gate.peers.delta = () => deltaOf(MENDED_PROGRAM, MENDED_PROGRAM, [CANDIDATE, 'f'.repeat(64)]);
    const side = (sha256: string) => ({ sha256, label: '', resourceUri: '' });
    const third = await evaluate({ baseline: side(CANDIDATE), candidate: side('f'.repeat(64)), claims: [], policy: 'policies/rebuild', baselineBasis: '' }, ['contributor']);
    expect(outcome(third)).toBe('ALLOW');
    await gate.client({ tenant }).revokeVerdict({ verdict: first.name, reason: 'stolen', word: 0 });
    expect(await said(second)).toBe('revoked VERDICT_SUPERSEDED unfounded');
    expect(await gate.verify(third, { subjects: ['f'.repeat(64)] }, { tenant })).toMatchObject({ exitCode: 1, answer: { refusal: 'revoked', facts: { reason: 'unfounded' } } });
    expect(await shown(third)).toMatchObject({ revoked: true, revocationReason: 'unfounded' });
  });
});
