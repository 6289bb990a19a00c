import { sha256Hex } from '@stella/attestation';
import { EvidenceReinstated, EvidenceWithdrawn } from '@stella/contracts/stella/gate/v1alpha/events';
import { Outcome, type Verdict, WithdrawalKind, WithdrawalReason } from '@stella/contracts/stella/gate/v1alpha/gate';
import type { Role } from '@stella/platform-auth';
import { parseBundle } from '@stella/verdict';
import { GateRuntime, type Asked } from './support/gate-runtime.js';
import { CANDIDATE } from './support/release.js';

const { WITHDRAWAL_REASON_VULNERABLE: VULNERABLE, WITHDRAWAL_REASON_MISTAKEN: MISTAKEN, WITHDRAWAL_REASON_UNSPECIFIED: UNSPECIFIED } = WithdrawalReason;

let gate: GateRuntime;
const events: { readonly tenant: string; readonly topic: string; readonly key: string; readonly payload: Uint8Array }[] = [];
beforeAll(async () => {
  gate = await GateRuntime.start({}, undefined, undefined, (context) => {
    for (const topic of ['stella.gate.evidence-withdrawn.v1alpha', 'stella.gate.evidence-reinstated.v1alpha']) {
      context.events.subscribe({ topic, group: 'watcher' }, { commit: async ({ tenant, key, payload }) => void events.push({ tenant, topic, key, payload }) });
    }
  });
}, 60_000);
afterAll(() => gate.stop());

let tenant: string;
let tests = 0;
beforeEach(() => {
  tenant = `tenant-${(tests += 1)}`;
  gate.peers.reset();
});

const client = (...roles: readonly Role[]) => gate.client({ tenant, ...(roles.length > 0 && { roles, subject: roles[0] as string }) });
const evaluate = async (change: Asked = {}, ...roles: readonly Role[]): Promise<Verdict> => {
  gate.later();
  return (await gate.evaluate(change, { tenant, ...(roles.length > 0 && { roles }) })).verdict;
};
const verify = (verdict: Verdict) => gate.verify(verdict, {}, { tenant });
const withdraw = (note = 'CVE-2026-1', reason = VULNERABLE) => client('maintainer').withdrawCandidate({ candidateSha256: CANDIDATE, reason, note });
const reinstate = (...roles: readonly Role[]) => client(...(roles.length > 0 ? roles : (['maintainer'] as const))).reinstateCandidate({ candidateSha256: CANDIDATE, reason: MISTAKEN, note: 'it was another one' });
const rulesOf = ({ unmetRules }: Verdict): string[] => unmetRules.map(({ rule }) => rule);
const barred = { outcome: Outcome.OUTCOME_DENY, unmetRules: [expect.objectContaining({ rule: 'candidate-not-withdrawn', bars: 'both' })] };

test('a verdict that is taken back bars its candidate, whoever asks and however', async () => {
  const allowed = await evaluate();
  const other = await evaluate({ policy: 'policies/standard' });
  const { verdict, withdrawal } = await client('maintainer').revokeVerdict({ verdict: allowed.name, reason: 'a secret \u202e of ours', word: VULNERABLE });
  expect(verdict).toMatchObject({ revoked: true, revocationReason: 'withdrawn' });
  expect(withdrawal).toMatchObject({ sha256: CANDIDATE, inForce: true, reason: VULNERABLE, by: 'maintainer', verdict: allowed.name, note: 'a secret \u202e of ours' });
  // Every verdict that let it through is taken back, not only the one that was named.
  for (const one of [allowed, other]) expect(await verify(one)).toMatchObject({ exitCode: 1, answer: { refusal: 'revoked', detail: 'VERDICT_WITHDRAWN', facts: { candidate: CANDIDATE } } });
  for (const change of [{}, { policy: 'policies/standard' }, { policy: 'policies/strict' }, { policy: 'policies/rebuild' }, { claims: [] }, { fresh: true }]) {
    const denied = await evaluate(change, 'operator');
    expect([denied.cached, denied.outcome, rulesOf(denied)]).toEqual([false, Outcome.OUTCOME_DENY, expect.arrayContaining(['candidate-not-withdrawn'])]);
  }
});

test('the answer is a signed DENY that names the withdrawal and the next step, with the statement as evidence in the log', async () => {
  const { withdrawal } = await withdraw();
  const denied = await evaluate();
  const [rule] = denied.unmetRules;
  expect(rule).toMatchObject({ rule: 'candidate-not-withdrawn', reason: expect.stringContaining('was withdrawn'), remedy: expect.stringContaining('stella candidate reinstate') });
  expect(denied.withdrawal).toMatchObject({ by: 'maintainer', reason: VULNERABLE, sha256: CANDIDATE, note: '' });
  const bundle = parseBundle(await gate.bundle(denied, { tenant }));
  const statement = bundle.evidence.find(({ envelope }) => sha256Hex(envelope) === withdrawal?.statement?.sha256);
  expect(statement?.log).toBeDefined();
  // A verifier computes the same from what is in the bundle.
  expect(await verify(denied)).toMatchObject({ exitCode: 1, answer: { refusal: 'outcome', facts: { rules: 'candidate-not-withdrawn' } } });
  // The note is in none of it.
  for (const { envelope } of bundle.evidence) expect(Buffer.from(envelope).toString()).not.toContain(Buffer.from('CVE-2026-1').toString('base64').slice(0, 12));
});

test('no earlier answer is given while it is barred, nor the one of that time after it was reinstated', async () => {
  const allowed = await evaluate();
  await withdraw();
  const denied = await evaluate();
  expect(denied).toMatchObject({ cached: false, ...barred });
  expect(await evaluate()).toMatchObject({ cached: true, name: denied.name });
  await reinstate();
  const after = await evaluate();
  expect(after).toMatchObject({ cached: false, outcome: Outcome.OUTCOME_ALLOW, supersedes: denied.name });
  expect(after.withdrawal).toBeUndefined();
  expect((await verify(after)).exitCode).toBe(0);
  // Both statements are in its bundle; what was taken back stays so.
  const evidence = parseBundle(await gate.bundle(after, { tenant })).evidence.length;
  expect(evidence).toBe(parseBundle(await gate.bundle(allowed, { tenant })).evidence.length + 2);
  expect(await verify(allowed)).toMatchObject({ exitCode: 1, answer: { detail: 'VERDICT_WITHDRAWN' } });
});

test('a DENY of before is not what is answered while it is barred', async () => {
  gate.peers.observe = () => 'expected-failure';
  const before = await evaluate();
  await withdraw();
  const after = await evaluate();
  expect([after.cached, rulesOf(after)]).toEqual([false, [...rulesOf(before), 'candidate-not-withdrawn'].sort()]);
});

test('only who may administer withdraws and reinstates, in the own tenant', async () => {
  const allowed = await evaluate();
  for (const role of ['contributor', 'moderator', 'auditor', 'service'] as const) {
    await expect(client(role).withdrawCandidate({ candidateSha256: CANDIDATE, reason: VULNERABLE, note: '' })).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
    await expect(reinstate(role)).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
    await expect(client(role).revokeVerdict({ verdict: allowed.name, reason: 'x', word: VULNERABLE })).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
  }
  await withdraw();
  expect((await gate.evaluate({}, { tenant: `${tenant}-other` })).verdict.outcome).toBe(Outcome.OUTCOME_ALLOW);
  await expect(gate.client({ tenant: `${tenant}-other` }).reinstateCandidate({ candidateSha256: CANDIDATE, reason: MISTAKEN, note: '' })).rejects.toMatchObject({ reason: 'CANDIDATE_NOT_WITHDRAWN' });
  expect(await evaluate({ fresh: true })).toMatchObject(barred);
});

test('said twice is the same as once; told to others once each', async () => {
  const verdict = await evaluate();
  const revoke = () => client('operator').revokeVerdict({ verdict: verdict.name, reason: 'defective screw', word: UNSPECIFIED });
  const first = await revoke();
  gate.later();
  expect((await revoke()).withdrawal).toEqual(first.withdrawal);
  expect((await withdraw()).withdrawal).toEqual(first.withdrawal);
  await reinstate();
  gate.later();
  await reinstate();
  // A verdict that was taken back is: saying so again bars nothing anew.
  expect((await revoke()).withdrawal).toBeUndefined();
  await gate.runtime.settle();
  const told = events.filter((event) => event.tenant === tenant);
  expect(told.map(({ topic, key }) => [topic.split('.')[2], key])).toEqual([['evidence-withdrawn', CANDIDATE], ['evidence-reinstated', CANDIDATE]]);
  expect(EvidenceWithdrawn.decode(told[0]?.payload ?? new Uint8Array())).toMatchObject({ verdict: verdict.name, reason: 'defective screw', candidateSha256: CANDIDATE, statementSha256: first.withdrawal?.statement?.sha256 });
  expect(EvidenceReinstated.decode(told[1]?.payload ?? new Uint8Array())).toMatchObject({ candidateSha256: CANDIDATE, word: MISTAKEN });
});

test('withdrawn and reinstated again and again: what was said last counts', async () => {
  for (let round = 0; round < 3; round++) {
    await withdraw();
    expect(await evaluate()).toMatchObject(barred);
    await reinstate();
    expect(await evaluate()).toMatchObject({ outcome: Outcome.OUTCOME_ALLOW });
  }
});

test('a DENY that is taken back bars nothing: it is no longer given as an answer', async () => {
  gate.peers.observe = () => 'expected-failure';
  const denied = await evaluate();
  const { verdict, withdrawal } = await client('operator').revokeVerdict({ verdict: denied.name, reason: 'a broken host', word: UNSPECIFIED });
  expect([verdict?.revoked, withdrawal]).toEqual([true, undefined]);
  gate.peers.observe = (_, artifact) => (artifact === CANDIDATE ? 'passed' : 'expected-failure');
  expect(await evaluate()).toMatchObject({ cached: false, outcome: Outcome.OUTCOME_ALLOW });
  expect((await gate.revocations({ tenant })).list.entries).toEqual([]);
});

test('withdrawn while it is evaluated: the verdict knows it', async () => {
  let isFirst = true;
  gate.peers.before = async (call) => {
    if (call !== 'fbpe.getEntry' || !isFirst) return;
    isFirst = false;
    await withdraw();
  };
  const denied = await evaluate();
  expect(denied).toMatchObject(barred);
  const { list } = await gate.revocations({ tenant });
  expect(list.entries.map(({ kind }) => kind)).toEqual(['candidate']);
});

test('what was withdrawn is listed, newest first; notes are for who may administer', async () => {
  const other = 'b'.repeat(64);
  await withdraw('one');
  gate.later();
  await client('operator').withdrawCandidate({ candidateSha256: other, reason: UNSPECIFIED, note: 'two' });
  gate.later();
  await reinstate();
  const list = (roles: readonly Role[], page: { pageSize?: number; pageToken?: string; kind?: WithdrawalKind } = {}) =>
    gate.client({ tenant, roles }).listWithdrawals({ kind: WithdrawalKind.WITHDRAWAL_KIND_UNSPECIFIED, pageSize: 0, pageToken: '', ...page });
  const { withdrawals } = await list(['operator']);
  expect(withdrawals.map(({ sha256, inForce, note, by, statement }) => [sha256, inForce, note, by, statement])).toEqual([
    [CANDIDATE, false, 'it was another one', 'maintainer', undefined],
    [other, true, 'two', 'operator', undefined],
  ]);
  expect((await list(['contributor'])).withdrawals.map(({ note }) => note)).toEqual(['', '']);
  const first = await list(['contributor'], { pageSize: 1 });
  const second = await list(['contributor'], { pageSize: 1, pageToken: first.nextPageToken });
  expect([...first.withdrawals, ...second.withdrawals].map(({ sha256 }) => sha256)).toEqual([CANDIDATE, other]);
  expect(second.nextPageToken).toBe('');
  expect((await list(['contributor'], { kind: WithdrawalKind.WITHDRAWAL_KIND_KEY })).withdrawals).toEqual([]);
  await expect(list(['contributor'], { kind: WithdrawalKind.WITHDRAWAL_KIND_KEY, pageToken: first.nextPageToken })).rejects.toMatchObject({ reason: 'PAGE_TOKEN_INVALID' });
});

test('the log being away keeps nobody from withdrawing; the DENY says what it could not do', async () => {
  await evaluate();
  gate.peers.silence('fbpe');
  await withdraw();
  const denied = await evaluate();
  expect([denied.outcome, rulesOf(denied)]).toEqual([Outcome.OUTCOME_DENY, ['candidate-not-withdrawn', 'evidence-logged']]);
});
