import { KeyRevoked, PolicyRevoked } from '@stella/contracts/stella/gate/v1alpha/events';
import { Outcome, type Verdict, WithdrawalReason } from '@stella/contracts/stella/gate/v1alpha/gate';
import type { Role } from '@stella/platform-auth';
import { GateRuntime, type Asked } from './support/gate-runtime.js';
import { KEYS } from './support/installation.js';
import { BASELINE, CANDIDATE, deltaOf, MENDED_PROGRAM, signCheck } from './support/release.js';

const { WITHDRAWAL_REASON_COMPROMISED: COMPROMISED, WITHDRAWAL_REASON_DEFECTIVE: DEFECTIVE } = WithdrawalReason;

let gate: GateRuntime;
const events: { readonly tenant: string; readonly topic: string; readonly key: string; readonly payload: Uint8Array }[] = [];
beforeAll(async () => {
  gate = await GateRuntime.start({}, undefined, undefined, (context) => {
    for (const topic of ['stella.gate.key-revoked.v1alpha', 'stella.gate.policy-revoked.v1alpha']) {
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

const evaluate = async (change: Asked = {}, of = tenant): Promise<Verdict> => {
  gate.later();
  return (await gate.evaluate(change, { tenant: of })).verdict;
};
const verify = (verdict: Verdict, of = tenant) => gate.verify(verdict, {}, { tenant: of });
const revokeKey = (fingerprint: string, roles: readonly Role[] = ['maintainer']) => gate.client({ tenant, roles }).revokeTrustedKey({ fingerprint, reason: COMPROMISED, note: 'a laptop was lost' });
const revokePolicy = (policySha256: string, roles: readonly Role[] = ['maintainer']) => gate.client({ tenant, roles }).revokePolicy({ policySha256, reason: DEFECTIVE, note: '' });
const told = async (topic: string) => {
  await gate.runtime.settle();
  return events.filter((event) => event.tenant === tenant && event.topic.includes(topic));
};

describe('a key that was revoked', () => {
  test('ends every verdict that rests on it: verifiers refuse it, and it is no answer any more', async () => {
    const allowed = await evaluate();
    const elsewhere = await evaluate({}, `${tenant}-other`);
    const { withdrawal } = await revokeKey(KEYS.psdi.keyId);
    expect(withdrawal).toMatchObject({ sha256: KEYS.psdi.keyId, inForce: true, reason: COMPROMISED, note: 'a laptop was lost' });
    expect((await gate.revocations({ tenant })).list.entries).toMatchObject([{ kind: 'key', id: KEYS.psdi.keyId, reason: 'compromised' }]);
    expect(await verify(allowed)).toMatchObject({ exitCode: 1, answer: { refusal: 'evidence', detail: 'SIGNER_REVOKED' } });
    expect((await gate.client({ tenant }).getVerdict({ name: allowed.name })).verdict).toMatchObject({ revoked: true, revocationReason: 'key-revoked' });
    const next = await evaluate();
    expect([next.cached, next.outcome, next.unmetRules.map(({ rule }) => rule)]).toEqual([false, Outcome.OUTCOME_DENY, expect.arrayContaining(['evidence-intact'])]);
    // Others decide for themselves whom they believe.
    expect((await verify(elsewhere, `${tenant}-other`)).exitCode).toBe(0);
    const [event] = await told('key-revoked');
    expect([event?.key, KeyRevoked.decode(event?.payload ?? new Uint8Array())]).toEqual([KEYS.psdi.keyId, { fingerprint: KEYS.psdi.keyId, word: COMPROMISED, statementSha256: withdrawal?.statement?.sha256, verdictCount: 1 }]);
  });

  test('of the log: what only it proves is in no log', async () => {
    const allowed = await evaluate();
    await revokeKey(KEYS.log.keyId);
    expect(await verify(allowed)).toMatchObject({ exitCode: 1, answer: { refusal: 'recomputation' } });
    const next = await evaluate();
    expect([next.outcome, next.unmetRules.map(({ rule }) => rule)]).toEqual([Outcome.OUTCOME_DENY, ['evidence-intact', 'evidence-logged']]);
  });

  test.each(['verdict', 'policy'] as const)('of the gate itself (%s): nothing is decided that nobody would believe', async (name) => {
    const allowed = await evaluate();
    await revokeKey(KEYS[name].keyId);
    expect(await verify(allowed)).toMatchObject({ exitCode: 1, answer: { refusal: name === 'verdict' ? 'revoked' : 'policy' } });
    await expect(evaluate()).rejects.toMatchObject({ reason: 'SIGNING_KEY_REVOKED', facts: { role: name, key: KEYS[name].keyId } });
  });

  test('of a partner: what he said against a release counts no more', async () => {
    const delta = await deltaOf();
    gate.peers.delta = async () => delta;
    gate.peers.checks = [{ envelope: await signCheck(delta.proof, KEYS.partner, { result: 'disagrees', reason: 'PROOF_ROOT_MISMATCH' }) }];
    expect((await evaluate()).outcome).toBe(Outcome.OUTCOME_DENY);
    await revokeKey(KEYS.partner.keyId);
    const next = await evaluate();
    expect([next.cached, next.outcome]).toEqual([false, Outcome.OUTCOME_ALLOW]);
    expect((await verify(next)).exitCode).toBe(0);
  });

  test('ends what rests on those verdicts, too', async () => {
    gate.peers.witnesses = [];
    const [older, side] = ['d'.repeat(64), (sha256: string) => ({ sha256, label: '', resourceUri: '' })];
    gate.peers.artifacts.add(older);
    const ask = (baseline: string, candidate: string, baselineBasis: string) => {
      gate.peers.delta = () => deltaOf(MENDED_PROGRAM, MENDED_PROGRAM, [baseline, candidate]);
      return evaluate({ baseline: side(baseline), candidate: side(candidate), claims: [], policy: 'policies/rebuild', baselineBasis });
    };
    await ask(older, BASELINE, 'runs');
    const resting = await ask(BASELINE, CANDIDATE, '');
    const own = await gate.runtime.database.service('gate');
    // As if only the first one had been lifted with that key.
    await own.execute(`UPDATE verdicts SET signers = array_remove(signers, $2) WHERE tenant = $1 AND candidate_sha256 = $3`, [tenant, KEYS.psdi.keyId, CANDIDATE]);
    await revokeKey(KEYS.psdi.keyId);
    expect((await gate.client({ tenant }).getVerdict({ name: resting.name })).verdict).toMatchObject({ revoked: true, revocationReason: 'unfounded' });
    expect((await gate.revocations({ tenant })).list.entries.map(({ kind, reason }) => [kind, reason]).sort()).toEqual([['key', 'compromised'], ['verdict', 'unfounded']]);
  });

  test('is one of the trust root, not the one that signs the lists, and revoked by who may administer', async () => {
    await expect(revokeKey('a'.repeat(64))).rejects.toMatchObject({ reason: 'KEY_UNKNOWN' });
    await expect(revokeKey(KEYS.revocation.keyId)).rejects.toMatchObject({ reason: 'KEY_NOT_REVOCABLE' });
    for (const role of ['contributor', 'moderator', 'auditor', 'service'] as const) await expect(revokeKey(KEYS.psdi.keyId, [role])).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
    expect((await gate.revocations({ tenant })).list.entries).toEqual([]);
    const first = await revokeKey(KEYS.frvf.keyId);
    gate.later();
    expect(await revokeKey(KEYS.frvf.keyId)).toEqual(first);
    expect(await told('key-revoked')).toHaveLength(1);
  });
});

describe('a policy that was revoked', () => {
  test('ends the verdicts under it, and is not decided by; others are', async () => {
    const allowed = await evaluate();
    const other = await evaluate({ policy: 'policies/standard' });
    await revokePolicy(allowed.policySha256);
    expect(await verify(allowed)).toMatchObject({ exitCode: 1, answer: { refusal: 'revoked', detail: 'POLICY_REVOKED', facts: { policy: allowed.policySha256, reason: 'defective' } } });
    expect((await gate.client({ tenant }).getVerdict({ name: allowed.name })).verdict).toMatchObject({ revoked: true, revocationReason: 'policy-revoked' });
    expect((await verify(other)).exitCode).toBe(0);
    await expect(evaluate()).rejects.toMatchObject({ reason: 'POLICY_REVOKED', facts: { policy: 'fast-patch', reason: 'defective' } });
    expect(await evaluate({ policy: 'policies/standard' })).toMatchObject({ cached: true, name: other.name });
    expect((await gate.evaluate({}, { tenant: `${tenant}-other` })).verdict.outcome).toBe(Outcome.OUTCOME_ALLOW);
    const [event] = await told('policy-revoked');
    expect(PolicyRevoked.decode(event?.payload ?? new Uint8Array())).toMatchObject({ policySha256: allowed.policySha256, word: DEFECTIVE, verdictCount: 1 });
  });

  test('makes no baseline known', async () => {
    gate.peers.witnesses = [];
    gate.peers.delta = () => deltaOf(MENDED_PROGRAM, MENDED_PROGRAM, [CANDIDATE, BASELINE]);
    const side = (sha256: string) => ({ sha256, label: '', resourceUri: '' });
    const ofBaseline = await evaluate({ baseline: side(CANDIDATE), candidate: side(BASELINE), claims: [], policy: 'policies/rebuild' });
    await revokePolicy(ofBaseline.policySha256);
    gate.peers.reset();
    gate.later();
    const { verdict } = await gate.evaluate({ baselineBasis: '', policy: 'policies/standard' }, { tenant, roles: ['contributor'] });
    expect(verdict.facts.find(({ name }) => name === 'baseline_basis')?.value).toBe('unknown');
  });

  test('is one that was published, and revoked by who may administer', async () => {
    await expect(revokePolicy('a'.repeat(64))).rejects.toMatchObject({ reason: 'POLICY_NOT_FOUND' });
    const { policies } = await gate.client({ tenant }).listPolicies({ pageSize: 0, pageToken: '' });
    await expect(revokePolicy(policies[0]?.sha256 ?? '', ['contributor'])).rejects.toMatchObject({ reason: 'PERMISSION_DENIED' });
  });
});
