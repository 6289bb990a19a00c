import { PREDICATE_TYPES, sha256Hex, signStatement, type Signer } from '@stella/attestation';
import { parseBundle, verifyBundle, type Withdrawal, WITHDRAWAL_REASONS, withdrawalStatement } from '../src/index.js';
import { forged, replaced } from './support/forge.js';
import { NOW, OTHER_VERIFIER, PAIRS, VERIFIER } from './support/keys.js';
import { BASELINE, CANDIDATE } from './support/release.js';
import { makeWorld, payloadDigest, preset, soundEvidence, type World } from './support/world.js';

const WITHDRAWN: Withdrawal = {
  format: 'stella-withdrawal/1',
  tenant: 'acme',
  verifierId: VERIFIER,
  kind: 'candidate',
  id: CANDIDATE,
  standing: 'withdrawn',
  sequence: 1,
  reason: 'vulnerable',
  by: 'alice',
  at: NOW.toISOString(),
  verdict: '',
  lifts: '',
};

const sign = (change: Partial<Withdrawal> = {}, signer: Signer = PAIRS.revocation): Promise<Uint8Array> => signStatement(withdrawalStatement({ ...WITHDRAWN, ...change }), signer);
const lifting = async (withdrawal: Uint8Array, sequence = 2): Promise<Uint8Array> => sign({ standing: 'reinstated', reason: 'mistaken', sequence, lifts: payloadDigest(withdrawal) });
const worldWith = async (...envelopes: readonly Uint8Array[]): Promise<World> => makeWorld({ envelopes: [...(await soundEvidence()), ...envelopes] });
const rulesOf = ({ issued }: World): string[] => issued.verdict.unmetRules.map(({ id }) => id);
const factOf = ({ issued }: World): unknown => issued.verdict.facts.candidate_withdrawn.value;

test('a candidate that was withdrawn is denied by every preset, with the withdrawal as evidence', async () => {
  const withdrawal = await sign();
  for (const name of ['rebuild', 'fast-patch', 'standard', 'strict'] as const) {
    const world = await makeWorld({ document: preset(name), envelopes: [...(await soundEvidence()), withdrawal] });
    const { outcome, facts, unmetRules } = world.issued.verdict;
    expect([outcome, facts.candidate_withdrawn]).toEqual(['DENY', { value: true, evidence: [sha256Hex(withdrawal)] }]);
    expect(unmetRules).toContainEqual({ id: 'candidate-not-withdrawn', bars: 'both', reason: expect.stringContaining('was withdrawn'), remedy: expect.stringContaining('stella candidate reinstate') });
    expect(verifyBundle(world.issued.bundle, world.options)).toMatchObject({ answer: 'no', refusal: 'outcome', facts: { rules: expect.stringContaining('candidate-not-withdrawn') } });
  }
});

test('row 46: without the withdrawal the bundle is not what the verdict lists; a verdict without it does not follow', async () => {
  const withdrawal = await sign();
  const world = await worldWith(withdrawal);
  const without = replaced(world, ({ evidence }) => ({ evidence: evidence.filter(({ envelope }) => sha256Hex(envelope) !== sha256Hex(withdrawal)) }));
  // A DENY is a no before its evidence is looked at: so is one whose gate says ALLOW.
  expect(verifyBundle(without, world.options)).toMatchObject({ answer: 'no', refusal: 'outcome' });
  const allow = { outcome: 'ALLOW', unmetRules: [] } as const;
  expect(verifyBundle(await forged(world, allow), world.options)).toMatchObject({ refusal: 'recomputation', detail: 'DIFFERS' });
  expect(verifyBundle(await forged(world, allow, { evidence: parseBundle(without).evidence }), world.options)).toMatchObject({ refusal: 'evidence', detail: 'NOT_WHAT_THE_VERDICT_LISTS' });
});

test('one that was reinstated may be decided about again; its verdict shows both', async () => {
  const withdrawal = await sign();
  const world = await worldWith(withdrawal, await lifting(withdrawal));
  expect([world.issued.verdict.outcome, factOf(world), world.issued.verdict.facts.candidate_withdrawn.evidence.length]).toEqual(['ALLOW', false, 2]);
  expect(verifyBundle(world.issued.bundle, world.options).answer).toBe('yes');
});

test('withdrawn again after that: what was said last counts', async () => {
  const first = await sign();
  const again = await sign({ sequence: 3 });
  expect(factOf(await worldWith(again))).toBe(true);
  expect(factOf(await worldWith(first, await lifting(first), again))).toBe(true);
});

test.each([
  ['a reinstatement without the withdrawal that it lifts', async () => [await lifting(await sign())]],
  ['one of another withdrawal', async () => [await sign(), await lifting(await sign({ reason: 'legal' }))]],
  ['one that skips what was said between', async () => [await sign(), await lifting(await sign(), 4)]],
  ['two things at once', async () => [await sign(), await sign({ reason: 'legal' })]],
])('what contradicts itself is not known, which is no better: %s', async (_, said) => {
  const world = await worldWith(...(await said()));
  expect([world.issued.verdict.outcome, factOf(world), rulesOf(world)]).toEqual(['DENY', 'unknown', ['candidate-not-withdrawn']]);
});

test.each([
  ['of another candidate', () => sign({ id: BASELINE }), 'OTHER_WITHDRAWAL'],
  ['of another tenant', () => sign({ tenant: 'other' }), 'OTHER_WITHDRAWAL'],
  ['of another verifier', () => sign({ verifierId: OTHER_VERIFIER }), 'OTHER_WITHDRAWAL'],
  ['of a key', () => sign({ kind: 'key' }), 'OTHER_WITHDRAWAL'],
  ['by a key that may not take back', () => sign({}, PAIRS.psdi), 'SIGNER_ROLE'],
  ['by a stranger', () => sign({}, PAIRS.stranger), 'SIGNATURE_UNVERIFIED'],
  ['of another form', () => signStatement({ subjects: [{ name: 'candidate', sha256: CANDIDATE }], predicateType: PREDICATE_TYPES.withdrawal, predicate: { ...WITHDRAWN, extra: 1 } }, PAIRS.revocation), 'WITHDRAWAL_INVALID'],
  ['about another subject', () => signStatement({ subjects: [{ name: 'candidate', sha256: BASELINE }], predicateType: PREDICATE_TYPES.withdrawal, predicate: WITHDRAWN }, PAIRS.revocation), 'WITHDRAWAL_INVALID'],
])('a statement %s is refused, and does not pass for nothing', async (_, make, problem) => {
  const world = await worldWith(await make());
  expect(world.issued.verdict.refused.map((one) => one.problem)).toEqual([problem]);
  expect([world.issued.verdict.outcome, rulesOf(world), factOf(world)]).toEqual(['DENY', ['evidence-intact'], false]);
});

test('never signs what would not read back', async () => {
  for (const change of [
    { sequence: 0 },
    { by: 'alice \u202e' },
    { reason: 'because' as never },
    { lifts: 'a'.repeat(64) },
    { standing: 'reinstated' },
    { standing: 'reinstated', kind: 'key', lifts: 'a'.repeat(64) },
    { id: 'A'.repeat(64) },
  ] as const) {
    await expect(async () => sign(change)).rejects.toMatchObject({ reason: 'WITHDRAWAL_INVALID' });
  }
  for (const reason of WITHDRAWAL_REASONS) await sign({ reason });
});
