import { isDomainError } from '@stella/errors';
import { parseClaim } from '../claim/parse-claim.js';
import { claimResults } from '../delta/claim-results.js';
import { coverDelta } from '../delta/coverage.js';
import { SOUND_RELEASE } from './sound-release.js';
import { BASELINE_FUNCTIONS, fn, MODULE, unit, view } from '../../test/support/delta-builder.js';
import { evaluationContext } from './cedar-context.js';
import { CEDAR_SCHEMA } from './cedar-schema.js';
import { deriveFacts, type DeltaInput, type FactInputs } from './derive-facts.js';
import { checkFacts, type Facts } from './fact.js';
import { FACT_NAMES } from './fact-list.js';
import { checkPolicyLimits, LIMIT_NAMES, POLICY_LIMITS } from './policy-limits.js';
import { summariseWitnesses } from './witness-summary.js';

const EVIDENCE = 'e'.repeat(64);
const TOTALS = { functions: BASELINE_FUNCTIONS.length, loadedBytes: 1_000, coveredBytes: 1_000, residualBytes: 10 };
const CHANGES = [fn(`${MODULE}/parser.New`), fn('main.main'), unit('data', 'added', 'data:x'), unit('header', 'metadata', 'header:elf'), unit('residual', 'added', 'residual:1')];

function inputs(sentences: readonly string[], delta: Partial<DeltaInput> = {}): FactInputs {
  const claims = sentences.map((sentence) => parseClaim(sentence));
  const changes = delta.view ?? view(CHANGES);
  const coverage = coverDelta(changes, claims);
  return {
    delta: { view: changes, coverage, provenance: 'proved', totals: { baseline: TOTALS, candidate: TOTALS }, evidence: [EVIDENCE], ...delta },
    claims: claimResults(claims, changes, coverage, new Map()),
    baseline: { basis: 'runs', evidence: [] },
    leftOut: { witnesses: 0, evidence: [] },
    withdrawn: { candidate: false, evidence: [] },
    refusedEvidence: [],
  };
}

const valueOf = (facts: Facts, name: keyof Facts): unknown => facts[name].value;

test('a delta becomes counts and shares, each with its evidence', () => {
  const facts = deriveFacts(inputs(['changes parser']));
  expect(Object.fromEntries(FACT_NAMES.map((name) => [name, valueOf(facts, name)]))).toMatchObject({
    coverage_known: true,
    delta_provenance: 'proved',
    changed_functions: 2,
    changed_share_ppm: 200_000,
    changed_share_own_ppm: 200_000,
    changed_data: 1,
    changed_other: 1,
    unexplained_functions: 1,
    unexplained_data: 1,
    unexplained_other: 1,
    residual_units: 1,
    residual_bytes_ppm: 10_000,
    toolchain: 'same',
    claim_breadth_max_ppm: 500_000,
    claims_total: 1,
    claims_unproved: 0,
  });
  expect(facts.changed_functions.evidence).toEqual([EVIDENCE]);
});

test('what a toolchain claim covers counts as changed, not as the release’s own', () => {
  const bumped = view([fn('runtime.mallocgc'), fn('main.main')]);
  const changes = { ...bumped, candidate: { ...bumped.candidate, toolchain: 'go1.20.12' } };
  const facts = deriveFacts(inputs(['toolchain go1.20.10 -> go1.20.12'], { view: changes }));
  expect([valueOf(facts, 'changed_share_ppm'), valueOf(facts, 'changed_share_own_ppm'), valueOf(facts, 'toolchain')]).toEqual([200_000, 100_000, 'patch_claimed']);
  expect(valueOf(facts, 'claim_breadth_max_ppm')).toBe(0);
  expect(valueOf(deriveFacts(inputs([], { view: changes })), 'toolchain')).toBe('patch_unclaimed');
});

test.each([
  ['no function was found', { functions: 0 }],
  ['nothing is loaded', { loadedBytes: 0, coveredBytes: 0, residualBytes: 0 }],
  ['bytes are missing', { coveredBytes: 900 }],
  ['the names are of another artifact', { functions: 3 }],
])('row 52: %s: the coverage is not known', (_, wrong) => {
  const totals = { baseline: { ...TOTALS, ...wrong }, candidate: TOTALS };
  expect(valueOf(deriveFacts(inputs([], { totals })), 'coverage_known')).toBe(false);
});

test('row 45: what was not computed is unknown, not zero', () => {
  const facts = deriveFacts({
    claims: [],
    baseline: { basis: 'unknown', evidence: [] },
    leftOut: { witnesses: 0, evidence: [] },
    withdrawn: { candidate: undefined, evidence: [] },
    refusedEvidence: [],
  });
  const known = FACT_NAMES.filter((name) => facts[name].value !== 'unknown');
  expect(known).toEqual(['claims_refuted', 'claims_total', 'claims_unproved', 'evidence_refused']);
});

test('evidence that was refused is counted once, witnesses’ own included', () => {
  const artifacts = { baselineSha256: 'b'.repeat(64), candidateSha256: 'c'.repeat(64) };
  const foreign = { witness: 'w', incident: 'i', artifactSha256: 'a'.repeat(64), outcome: 'fixed', runIds: ['r'], successLowerBoundPpm: 1, variance: 0, evidence: EVIDENCE } as const;
  const witnesses = summariseWitnesses([foreign], artifacts, []);
  expect(valueOf(deriveFacts({ ...inputs([]), witnesses, refusedEvidence: [EVIDENCE] }), 'evidence_refused')).toBe(1);
});

test.each([
  ['an undeclared fact', { extra: { value: 1, evidence: [] } }, 'UNDECLARED'],
  ['a missing one', { claims_total: undefined }, 'MISSING'],
  ['a fraction', { claims_total: { value: 0.5, evidence: [] } }, 'VALUE'],
  ['a negative count', { claims_total: { value: -1, evidence: [] } }, 'VALUE'],
  ['a count beyond 2^53', { claims_total: { value: 2 ** 53, evidence: [] } }, 'VALUE'],
  ['a share beyond the whole', { changed_share_ppm: { value: 1_000_001, evidence: [] } }, 'VALUE'],
  ['a word that is not of the enum', { toolchain: { value: 'newer', evidence: [] } }, 'VALUE'],
  ['a text for a boolean', { coverage_known: { value: 'true', evidence: [] } }, 'VALUE'],
  ['evidence without a digest', { claims_total: { value: 0, evidence: ['x'] } }, 'EVIDENCE'],
  ['evidence twice', { claims_total: { value: 0, evidence: [EVIDENCE, EVIDENCE] } }, 'EVIDENCE'],
  ['a member too many', { claims_total: { value: 0, evidence: [], known: true } }, 'MEMBERS'],
])('%s is refused', (_, change, problem) => {
  try {
    checkFacts({ ...SOUND_RELEASE, ...change });
    throw new Error('not refused');
  } catch (error) {
    expect(isDomainError(error, 'FACT_INVALID') && error.facts.problem).toBe(problem);
  }
});

test('row 28: no limit of a policy may ask for nothing', () => {
  const limits = Object.fromEntries(LIMIT_NAMES.map((name) => [name, POLICY_LIMITS[name][1]]));
  expect(checkPolicyLimits(limits)).toBe(limits);
  for (const name of LIMIT_NAMES.filter((one) => one.includes('min'))) {
    for (const value of [0, -1]) expect(() => checkPolicyLimits({ ...limits, [name]: value })).toThrow(expect.objectContaining({ reason: 'POLICY_INVALID' }));
  }
  expect(() => checkPolicyLimits({ ...limits, another: 1 })).toThrow(expect.objectContaining({ reason: 'POLICY_INVALID' }));
  expect(() => checkPolicyLimits({ ...limits, replays_min: 1.5 })).toThrow(expect.objectContaining({ reason: 'POLICY_INVALID' }));
});

test('Cedar sees unknown as a member of its own, and every fact of the schema', () => {
  const limits = Object.fromEntries(LIMIT_NAMES.map((name) => [name, POLICY_LIMITS[name][1]])) as never;
  const unknown = { value: 'unknown', evidence: [] };
  const { facts } = evaluationContext({ ...SOUND_RELEASE, toolchain: unknown, changed_data: unknown, coverage_known: unknown } as Facts, limits, ['b', 'a']);
  expect(facts.toolchain).toEqual({ known: false, value: { __entity: { type: 'Stella::ToolchainChange', id: 'unknown' } } });
  expect(facts.changed_data).toEqual({ known: false, value: 0 });
  expect(facts.coverage_known).toEqual({ known: false, value: false });
  for (const name of FACT_NAMES) expect(CEDAR_SCHEMA).toContain(`    ${name}: { known: Bool, value: `);
});
