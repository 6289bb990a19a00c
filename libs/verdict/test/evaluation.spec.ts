import { PREDICATE_TYPES, sha256Hex, signStatement, type Revocation, type Signer } from '@stella/attestation';
import { policyDigest, type Waiver } from '@stella/policy';
import { VERDICT_LIMITS, verifyBundle, type Answer, type RefusedEvidence, type Verdict } from '../src/index.js';
import { replaced } from './support/forge.js';
import { NOW, PAIRS, revocationsOf } from './support/keys.js';
import { BASELINE, CANDIDATE, crossEnvelope, deltaEnvelopes, MODULE, NEW_UNITS, OLD_UNITS, PARSE, resultEnvelope, WITNESS, witnessEnvelope, type TestUnit } from './support/release.js';
import { DECIDED, makeWorld, payloadDigest, preset, soundEvidence, SOUND_CLAIMS, type World, type WorldOptions } from './support/world.js';

const rulesOf = ({ issued }: World): string[] => issued.verdict.unmetRules.map(({ id }) => id);
const problemsOf = (refused: readonly RefusedEvidence[]): string[] => refused.map(({ problem }) => problem);
const answerOf = (world: World): Answer => verifyBundle(world.issued.bundle, world.options);

/** Evidence of a release with other units or toolchains. */
async function release(options: Parameters<typeof deltaEnvelopes>[0], claims: readonly string[], more: WorldOptions = {}): Promise<World> {
  const { oldIndex, newIndex, proof, scope } = await deltaEnvelopes(options);
  const envelopes = [oldIndex, newIndex, proof, scope, ...(await soundEvidence()).slice(4)];
  return makeWorld({ envelopes, claims, ...more });
}

const changed = (units: readonly TestUnit[], name: string, content: string): TestUnit[] => units.map((unit) => (unit.name === name ? { ...unit, content } : unit));

describe('what changed', () => {
  test('a function beside the claimed one', async () => {
    const world = await release({ next: changed(NEW_UNITS, 'main.main', 'another body') }, SOUND_CLAIMS);
    expect(rulesOf(world)).toEqual(['change-small', 'functions-explained']);
    expect(world.issued.verdict.unexplained).toEqual([{ unitId: 'fn:main.main', kind: 'function', displayName: 'main.main', change: 'semantic', why: 'NOT_CLAIMED' }]);
    expect(answerOf(world).answer).toBe('review');
  });

  test('a claim on everything explains it and says nothing', async () => {
    const world = await release({}, ['fixes incident app-7', 'changes **']);
    expect(rulesOf(world)).toEqual(['claims-narrow', 'claims-narrow-together']);
  });

  test('the standard library under a claim on the patch release', async () => {
    const options = { next: changed(NEW_UNITS, 'runtime.mallocgc', 'patched'), goVersions: ['go1.20.10', 'go1.20.12'] } as const;
    expect(rulesOf(await release(options, [...SOUND_CLAIMS, 'toolchain go1.20.10 -> go1.20.12']))).toEqual([]);
    expect(rulesOf(await release(options, SOUND_CLAIMS))).toEqual(['change-small', 'functions-explained', 'toolchain-kept']);
    expect(rulesOf(await release(options, [...SOUND_CLAIMS, 'toolchain go1.20.10 -> go1.20.11']))).toEqual(['change-small', 'claims-not-refuted', 'functions-explained', 'toolchain-kept']);
  });

  test('another generation of the compiler', async () => {
    const options = { next: changed(NEW_UNITS, 'runtime.mallocgc', 'rewritten'), goVersions: ['go1.19.5', 'go1.20'] } as const;
    const world = await release(options, [...SOUND_CLAIMS, 'toolchain go1.19.5 -> go1.20']);
    expect(rulesOf(world)).toEqual(['change-small', 'functions-explained', 'toolchain-kept']);
    expect(world.issued.verdict.outcome).toBe('REVIEW');
  });

  test('row 52: nothing was lifted: no change is no proof', async () => {
    const nothing: TestUnit[] = [{ kind: 'header', name: 'header:elf', content: 'x' }];
    const world = await release({ old: nothing, next: nothing }, ['fixes incident app-7']);
    expect(world.issued.verdict.facts).toMatchObject({ coverage_known: { value: false }, unexplained_functions: { value: 0 } });
    expect([world.issued.verdict.outcome, rulesOf(world)]).toEqual(['DENY', ['coverage-known']]);
  });

  test('row 52: no delta at all', async () => {
    const world = await makeWorld({ envelopes: (await soundEvidence()).slice(4) });
    expect(world.issued.verdict.outcome).toBe('DENY');
    expect(rulesOf(world)).toEqual(expect.arrayContaining(['coverage-known', 'delta-checked', 'functions-explained']));
  });

  test('a delta that a partner lifted is attested, not proved', async () => {
    const world = await release({ signer: PAIRS.partner }, SOUND_CLAIMS);
    expect([world.issued.verdict.outcome, rulesOf(world)]).toEqual(['REVIEW', ['delta-proved']]);
    expect(world.issued.verdict.facts.delta_provenance.value).toBe('attested');
  });

  test('a scope that leaves functions out, so that a claim looks narrow or a change unused, does not fit', async () => {
    const { oldIndex, newIndex, proof } = await deltaEnvelopes();
    const other = await deltaEnvelopes({ old: OLD_UNITS.slice(1) });
    const world = await makeWorld({ envelopes: [oldIndex, newIndex, proof, other.scope, ...(await soundEvidence()).slice(4)] });
    expect(problemsOf(world.issued.verdict.refused)).toEqual(['DELTA_SCOPE_INVALID']);
    expect(world.issued.verdict.outcome).toBe('DENY');
  });
});

describe('the baseline', () => {
  test('row 53: one that nobody knows', async () => {
    const world = await makeWorld({ question: { baselineBasis: 'unknown' } });
    expect([world.issued.verdict.outcome, rulesOf(world)]).toEqual(['DENY', ['baseline-known']]);
  });

  test('row 53: one that is said to have a verdict has to show it', async () => {
    const world = await makeWorld({ question: { baselineBasis: 'verdict' } });
    expect([world.issued.verdict.outcome, rulesOf(world)]).toEqual(['DENY', ['baseline-known']]);
  });

  test('one on which a witness was recorded has to show it, by an own signature', async () => {
    const basis = async (envelopes?: readonly Uint8Array[]): Promise<unknown> =>
      (await makeWorld({ ...(envelopes && { envelopes }), question: { baselineBasis: 'seed' } })).issued.verdict.facts.baseline_basis.value;
    expect(await basis()).toBe('seed');
    expect(await basis((await soundEvidence()).slice(0, 4))).toBe('unknown');
    expect(await basis([...(await soundEvidence()).slice(0, 4), await witnessEnvelope(PAIRS.partner)])).toBe('unknown');
  });

  describe('one with a verdict of its own, by the same verifier', () => {
    const VALID_MS = VERDICT_LIMITS.verdictValidMsMax;
    let before: World;
    beforeAll(async () => {
      before = await makeWorld({ document: preset('strict') });
    });

    /** An ALLOW about the baseline, as the gate would have issued it for an earlier release; what the fact says of it. */
    async function basis(change: Partial<Verdict> = {}, { signer = PAIRS.gate as Signer, revocations = [] as readonly Revocation[], more = {} as WorldOptions } = {}): Promise<unknown> {
      const predicate = { ...before.issued.verdict, outcome: 'ALLOW', candidate: { ...before.issued.verdict.candidate, sha256: BASELINE }, evidence: [], ...change };
      const envelope = await signStatement({ subjects: [{ name: 'app', sha256: BASELINE }], predicateType: PREDICATE_TYPES.verdict, predicate }, signer);
      const trust = { root: before.options.root, revocations: await revocationsOf(before.options.root, revocations) };
      const world = await makeWorld({ envelopes: [...(await soundEvidence()), envelope], ...more, question: { baselineBasis: 'verdict', trust } });
      return world.issued.verdict.facts.baseline_basis.value;
    }

    test.each([
      ['an ALLOW', {}, 'verdict'],
      ['a REVIEW', { outcome: 'REVIEW' }, 'unknown'],
      ['an ALLOW of another tenant', { tenant: 'other' }, 'unknown'],
      ['one that has not been given yet', { decidedAt: NOW.toISOString() }, 'unknown'],
      ['one that has ended', { decidedAt: new Date(DECIDED.getTime() - VALID_MS).toISOString(), validUntil: DECIDED.toISOString() }, 'unknown'],
      ['one that ends the moment after', { decidedAt: new Date(DECIDED.getTime() + 1 - VALID_MS).toISOString(), validUntil: new Date(DECIDED.getTime() + 1).toISOString() }, 'verdict'],
    ] as const)('%s', async (_, change, expected) => {
      expect(await basis(change)).toBe(expected);
    });

    test('row 53: under a policy as strict, and no laxer one', async () => {
      const under = (id: string, sha256 = 'a'.repeat(64)) => ({ policy: { ...before.issued.verdict.policy, id, sha256 } });
      // Asked under fast-patch.
      const found = await Promise.all(['fast-patch', 'strict', 'standard', 'rebuild', 'ours'].map((id) => basis(under(id))));
      expect(found).toEqual(['verdict', 'verdict', 'unknown', 'unknown', 'unknown']);
      expect(await basis(under('ours', policyDigest(preset('fast-patch'))))).toBe('verdict');
    });

    test('that was taken back, with its candidate, its policy or by itself', async () => {
      const at = NOW;
      const { policy } = before.issued.verdict;
      expect(await basis({}, { revocations: [{ kind: 'candidate', id: BASELINE, reason: 'withdrawn', at }] })).toBe('unknown');
      expect(await basis({}, { revocations: [{ kind: 'candidate', id: BASELINE, reason: 'withdrawn', at: DECIDED }] })).toBe('verdict');
      expect(await basis({}, { revocations: [{ kind: 'policy', id: policy.sha256, reason: 'defective', at }] })).toBe('unknown');
      expect(await basis({}, { revocations: [{ kind: 'candidate', id: CANDIDATE, reason: 'withdrawn', at }] })).toBe('verdict');
    });

    test('whose witnesses are replayed again; those that are not are counted, whatever the gate says', async () => {
      const other = await signStatement({ subjects: [{ name: 'w', sha256: BASELINE }], predicateType: PREDICATE_TYPES.verifyResult, predicate: {} }, PAIRS.psdi);
      const ref = (envelope: Uint8Array, predicateType: string) => ({ sha256: sha256Hex(envelope), payloadSha256: payloadDigest(envelope), predicateType, logProofSha256: '' });
      const lost = { ...ref(other, PREDICATE_TYPES.microWitness), payloadSha256: 'b'.repeat(64) };
      // A verdict lists its evidence by digest; the keys of these tests are other ones each time.
      const predicate = (evidence: readonly { readonly sha256: string }[]) => ({
        ...before.issued.verdict,
        outcome: 'ALLOW',
        candidate: { ...before.issued.verdict.candidate, sha256: BASELINE },
        evidence: [...evidence].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1)),
      });
      const leftOut = async (evidence: readonly { readonly sha256: string }[], witnessesLeftOut = 0): Promise<World> => {
        const envelope = await signStatement({ subjects: [{ name: 'app', sha256: BASELINE }], predicateType: PREDICATE_TYPES.verdict, predicate: predicate(evidence) }, PAIRS.gate);
        return makeWorld({ envelopes: [...(await soundEvidence()), envelope], question: { baselineBasis: 'verdict', witnessesLeftOut } });
      };
      const replayed = ref(await witnessEnvelope(), PREDICATE_TYPES.microWitness);
      expect(rulesOf(await leftOut([replayed, ref(other, PREDICATE_TYPES.verifyResult)]))).toEqual([]);
      const world = await leftOut([lost]);
      expect([world.issued.verdict.facts.witnesses_left_out.value, rulesOf(world), answerOf(world).answer]).toEqual([1, ['earlier-incidents-replayed'], 'review']);
      expect((await leftOut([lost], 7)).issued.verdict.facts.witnesses_left_out.value).toBe(7);
    });
  });
});

describe('what speaks against the candidate, whoever asks', () => {
  test('a witness that fails on it, and a partner who finds another delta', async () => {
    const evidence = await soundEvidence();
    expect((await makeWorld()).issued.evaluation.refutations).toEqual([]);
    const failing = await resultEnvelope('candidate', 'expected-failure');
    const against = await crossEnvelope(payloadDigest(evidence[2] ?? new Uint8Array()), PAIRS.partner, { result: 'disagrees', reason: 'PROOF_ROOT_MISMATCH' });
    const { refutations } = (await makeWorld({ envelopes: [...evidence.slice(0, 6), failing, against] })).issued.evaluation;
    expect(refutations).toEqual([{ evidence: sha256Hex(failing), witness: WITNESS.witnessId }, { evidence: sha256Hex(against) }]);
  });

  test('what it claims, its baseline and its policy do not', async () => {
    const refuted = await makeWorld({ claims: ['no semantic change'], question: { baselineBasis: 'unknown' }, document: preset('rebuild') });
    expect([refuted.issued.verdict.outcome, refuted.issued.evaluation.refutations]).toEqual(['DENY', []]);
  });
});

test('the keys that a decision rests on are known: signers of evidence, and the log’s', async () => {
  const world = await makeWorld();
  expect(world.issued.evaluation.signers).toEqual([PAIRS.psdi, PAIRS.log].map(({ publicKey }) => publicKey.fingerprint).sort());
  const list = await revocationsOf(world.options.root, [{ kind: 'key', id: PAIRS.log.publicKey.fingerprint, reason: 'lost', at: NOW }]);
  expect(verifyBundle(world.issued.bundle, { ...world.options, revocations: { list } })).toMatchObject({ answer: 'no', refusal: 'recomputation' });
});

describe('who did not answer', () => {
  const unknownOf = ({ issued }: World): string[] => Object.entries(issued.verdict.facts).flatMap(([name, { value }]) => (value === 'unknown' ? [name] : []));

  test.each([
    ['delta', 'DENY', ['coverage-known', 'delta-checked'], 'coverage_known'],
    ['witness', 'DENY', ['incident-gone', 'replays-completed'], 'witnesses_total'],
    ['log', 'REVIEW', ['evidence-logged'], 'log_included'],
  ] as const)('row 45: %s: unknown is no “none”, although its evidence of before is there', async (source, outcome, rules, fact) => {
    const world = await makeWorld({ question: { unanswered: [source] } });
    expect(world.issued.verdict).toMatchObject({ outcome, unanswered: [source] });
    expect(rulesOf(world)).toEqual(expect.arrayContaining([...rules]));
    expect(unknownOf(world)).toContain(fact);
    expect(answerOf(world)).toMatchObject(outcome === 'DENY' ? { answer: 'no', refusal: 'outcome' } : { answer: 'review' });
  });

  test('partners matter to who asks for them', async () => {
    const question = { unanswered: ['partners'] } as const;
    expect((await makeWorld({ question })).issued.verdict.outcome).toBe('ALLOW');
    expect(rulesOf(await makeWorld({ question, document: preset('strict') }))).toContain('cross-verified');
  });
});

describe('witnesses', () => {
  const withResults = async (...results: readonly Uint8Array[]): Promise<World> => makeWorld({ envelopes: [...(await soundEvidence()).slice(0, 5), ...results] });

  test('a candidate that merely does not fail', async () => {
    const world = await withResults(await resultEnvelope('baseline', 'expected-failure'), await resultEnvelope('candidate', 'no-failure'));
    expect([world.issued.verdict.outcome, rulesOf(world)]).toEqual(['REVIEW', ['candidate-fixed', 'claims-proved', 'success-bound']]);
  });

  test('too few replays', async () => {
    const world = await withResults(await resultEnvelope('baseline', 'expected-failure', { replays: 5 }), await resultEnvelope('candidate', 'passed', { replays: 5 }));
    expect(rulesOf(world)).toEqual(['replays-enough', 'success-bound']);
  });

  test('replays that could not be made', async () => {
    const world = await withResults(await resultEnvelope('baseline', 'expected-failure'), await resultEnvelope('candidate', 'not-run'));
    expect(world.issued.verdict.outcome).toBe('DENY');
    expect(rulesOf(world)).toContain('replays-completed');
  });

  test('row 54: the runs of one result counted again in another', async () => {
    const again = await resultEnvelope('candidate', 'passed', { runsOf: 'baseline' });
    const world = await withResults(await resultEnvelope('baseline', 'expected-failure'), again);
    expect(problemsOf(world.issued.verdict.refused)).toEqual(['RUNS_NOT_DISTINCT']);
    expect(world.issued.verdict.outcome).toBe('DENY');
  });

  test('row 54: a result of another artifact', async () => {
    const foreign = await resultEnvelope('candidate', 'passed', { artifact: 'a'.repeat(64) });
    const world = await withResults(await resultEnvelope('baseline', 'expected-failure'), foreign);
    expect(problemsOf(world.issued.verdict.refused)).toEqual(['RUNS_NOT_DISTINCT']);
    expect(rulesOf(world)).toEqual(expect.arrayContaining(['evidence-intact', 'replays-completed']));
  });

  test('row 50: a result of another tenant', async () => {
    const world = await withResults(await resultEnvelope('baseline', 'expected-failure'), await resultEnvelope('candidate', 'passed', { tenant: 'other' }));
    expect(problemsOf(world.issued.verdict.refused)).toEqual(['OTHER_TENANT']);
  });

  test('a partner’s result counts against a release, never for it', async () => {
    const own = [await resultEnvelope('baseline', 'expected-failure'), await resultEnvelope('candidate', 'passed')];
    const against = await withResults(...own, await resultEnvelope('candidate', 'expected-failure', { runsOf: 'partner', signer: PAIRS.partner }));
    expect(rulesOf(against)).toContain('incident-gone');
    const instead = await withResults(own[0] ?? new Uint8Array(), await resultEnvelope('candidate', 'passed', { signer: PAIRS.partner }));
    expect(rulesOf(instead)).toContain('replays-completed');
  });

  test('a result without its witness', async () => {
    const all = await soundEvidence();
    const world = await makeWorld({ envelopes: [...all.slice(0, 4), ...all.slice(5)] });
    expect(problemsOf(world.issued.verdict.refused)).toEqual(['WITNESS_MISSING', 'WITNESS_MISSING']);
  });

  test('a witness that another organisation recorded is a witness', async () => {
    const all = await soundEvidence();
    const world = await makeWorld({ envelopes: [...all.slice(0, 4), await witnessEnvelope(PAIRS.partner), ...all.slice(5)] });
    expect(world.issued.verdict.outcome).toBe('ALLOW');
  });
});

describe('cross-verifications', () => {
  const count = async (make: (proof: string) => Promise<readonly Uint8Array[]>): Promise<World> => {
    const evidence = await soundEvidence();
    const proof = payloadDigest(evidence[2] ?? new Uint8Array());
    return makeWorld({ envelopes: [...evidence, ...(await make(proof))] });
  };
  const independent = ({ issued }: World): unknown => issued.verdict.facts.cross_verifications_independent.value;

  test('rows 26 and 27: one of each organisation and key, however often it signs', async () => {
    expect(independent(await count(async (proof) => [await crossEnvelope(proof, PAIRS.partner), await crossEnvelope(proof, PAIRS.secondPartner)]))).toBe(2);
    expect(independent(await count(async (proof) => [await crossEnvelope(proof, PAIRS.partner), await crossEnvelope(proof, PAIRS.partnerAgain)]))).toBe(1);
    const [first, second] = [{}, { relation: 'partner', how: 'lift', result: 'agrees' }];
    expect(independent(await count(async (proof) => [await crossEnvelope(proof, PAIRS.partner, first), await crossEnvelope(proof, PAIRS.partner, second)]))).toBe(1);
  });

  test.each([
    ['the own organisation', PAIRS.psdi, {}],
    ['a node of the same operator', PAIRS.partner, { relation: 'same-operator' }],
    ['who only checked the proof', PAIRS.partner, { how: 'proof-check' }],
    ['who could not check', PAIRS.partner, { result: 'cannot' }],
  ])('%s does not count', async (_, signer, change) => {
    expect(independent(await count(async (proof) => [await crossEnvelope(proof, signer, change)]))).toBe(0);
  });

  test('of another statement', async () => {
    expect(independent(await count(async () => [await crossEnvelope('a'.repeat(64), PAIRS.partner)]))).toBe(0);
  });

  test('a disagreement is evidence against the proof', async () => {
    const world = await count(async (proof) => [await crossEnvelope(proof, PAIRS.partner, { result: 'disagrees', reason: 'PROOF_ROOT_MISMATCH' })]);
    expect([world.issued.verdict.outcome, problemsOf(world.issued.verdict.refused)]).toEqual(['DENY', ['CROSS_VERIFICATION_DISAGREES']]);
    expect(world.issued.verdict.evidence.map(({ predicateType }) => predicateType)).toContain(PREDICATE_TYPES.crossVerification);
  });
});

describe('waivers', () => {
  const document = preset('fast-patch');
  const waiver = (change: Partial<Waiver> = {}): Waiver => ({
    format: 'stella-waiver/1',
    tenant: 'acme',
    rule: 'functions-explained',
    candidateSha256: CANDIDATE,
    policySha256: policyDigest(document),
    reason: 'looked at by hand',
    issuedAt: '2026-06-01T00:00:00.000Z',
    expiresAt: '2026-06-02T00:00:00.000Z',
    ...change,
  });
  const envelope = (change: Partial<Waiver> = {}, signer: Signer = PAIRS.approver): Promise<Uint8Array> =>
    signStatement({ subjects: [{ name: 'candidate', sha256: CANDIDATE }], predicateType: PREDICATE_TYPES.waiver, predicate: waiver(change) }, signer);
  const claims = ['fixes incident app-7'];
  const waived = async (waivers: readonly Uint8Array[], more: WorldOptions = {}): Promise<World> => makeWorld({ claims, waivers, ...more });

  test('two waivers of two rules allow, and the summary says that it was waived', async () => {
    const world = await waived([await envelope(), await envelope({ rule: 'data-explained' })]);
    expect(world.issued.verdict.outcome).toBe('ALLOW');
    expect(world.issued.verdict.waivers.accepted.map(({ rule }) => rule)).toEqual(['data-explained', 'functions-explained']);
    expect(answerOf(world).answer).toBe('yes');
    const text = Buffer.from(JSON.parse(Buffer.from(world.issued.vsa ?? []).toString()).payload, 'base64').toString();
    expect(text).toContain('"verifiedLevels":["STELLA_WAIVED"]');
  });

  test('an expired waiver ends the verdict', async () => {
    const world = await waived([await envelope({ expiresAt: NOW.toISOString() }), await envelope({ rule: 'data-explained' })]);
    expect(world.issued.verdict.outcome).toBe('ALLOW');
    expect(answerOf(world)).toMatchObject({ answer: 'no', refusal: 'waiver', detail: 'EXPIRED' });
    const before = verifyBundle(world.issued.bundle, { ...world.options, now: DECIDED });
    expect(before.answer).toBe('yes');
  });

  test('a waiver whose signer was revoked since', async () => {
    const world = await waived([await envelope(), await envelope({ rule: 'data-explained' })]);
    const list = await revocationsOf(world.options.root, [{ kind: 'key', id: PAIRS.approver.publicKey.fingerprint, reason: 'lost', at: NOW }]);
    expect(verifyBundle(world.issued.bundle, { ...world.options, revocations: { list } })).toMatchObject({ refusal: 'waiver', detail: 'NO_RIGHT' });
  });

  test.each([
    ['someone without the right', () => envelope({}, PAIRS.psdi), 'NO_RIGHT'],
    ['somebody whom nobody knows', () => envelope({}, PAIRS.stranger), 'SIGNATURE_UNVERIFIED'],
    ['another tenant', () => envelope({ tenant: 'other' }), 'OTHER_TENANT'],
    ['another policy version', () => envelope({ policySha256: 'a'.repeat(64) }), 'OTHER_POLICY'],
    ['a time that is over', () => envelope({ expiresAt: '2026-06-01T01:00:00.000Z' }), 'EXPIRED'],
    ['an integrity rule', () => envelope({ rule: 'incident-gone' }), 'NOT_WAIVABLE'],
  ])('row 40: of %s: ignored, reported, harmless', async (_, make, problem) => {
    const one = await make();
    const world = await waived([one]);
    expect(world.issued.verdict.waivers).toEqual({ accepted: [], ignored: [{ evidence: sha256Hex(one), problem }] });
    expect([world.issued.verdict.outcome, rulesOf(world)]).toEqual(['REVIEW', ['data-explained', 'functions-explained']]);
    expect(answerOf(world).answer).toBe('review');
  });

  test('row 40: of another candidate, and by who asked for the release', async () => {
    const other = await signStatement({ subjects: [{ name: 'other', sha256: BASELINE }], predicateType: PREDICATE_TYPES.waiver, predicate: waiver() }, PAIRS.approver);
    expect((await waived([other])).issued.verdict.waivers.ignored.map(({ problem }) => problem)).toEqual(['NO_RIGHT']);
    const self = await waived([await envelope()], { question: { requesterKeys: [PAIRS.approver.publicKey.fingerprint] } });
    expect(self.issued.verdict.waivers.ignored.map(({ problem }) => problem)).toEqual(['SELF_APPROVED']);
  });

  test('row 41: more rules than the policy lets waive: none is', async () => {
    const world = await waived([await envelope(), await envelope({ rule: 'data-explained' }), await envelope({ rule: 'claims-narrow' })]);
    expect(world.issued.verdict.waivers.ignored.map(({ problem }) => problem)).toEqual(['TOO_MANY', 'TOO_MANY', 'TOO_MANY']);
    expect(world.issued.verdict.outcome).toBe('REVIEW');
  });

  test('a waiver that is taken out of the bundle', async () => {
    const world = await waived([await envelope(), await envelope({ rule: 'data-explained' })]);
    const bundle = replaced(world, ({ waivers }) => ({ waivers: waivers.slice(1) }));
    expect(verifyBundle(bundle, world.options)).toMatchObject({ refusal: 'evidence', detail: 'NOT_WHAT_THE_VERDICT_LISTS' });
  });
});

test('names in claims may leave out the module', async () => {
  const world = await release({}, ['fixes incident app-7', `changes ${MODULE}/parser`]);
  expect(rulesOf(world)).toEqual([]);
  expect(world.issued.verdict.claims[1]).toMatchObject({ state: 'proved', units: 3 });
  expect(PARSE.startsWith(MODULE)).toBe(true);
});
