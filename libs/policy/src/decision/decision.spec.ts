import { isDomainError } from '@stella/errors';
import { FACT_NAMES } from '../facts/fact-list.js';
import type { Facts } from '../facts/fact.js';
import { SOUND_RELEASE } from '../facts/sound-release.js';
import { presetTests } from '../presets/preset-tests.js';
import { PRESET_NAMES, presetDocument, type PresetName } from '../presets/presets.js';
import type { Rule } from '../rules/rule-text.js';
import { decide } from './decide.js';
import { checkInForce, checkNotRolledBack, checkPolicyDocument, policyDigest, type PolicyDocument } from './policy-document.js';
import { withFacts } from '../facts/with-facts.js';
import { loadPolicySet } from './policy-set.js';
import { publishChecks } from './publish-checks.js';

const ISSUE = { version: 1, issuedAt: new Date('2026-01-01T00:00:00Z'), expiresAt: new Date('2027-01-01T00:00:00Z') };
const SUBJECT = { tenant: 'acme', candidateSha256: 'c'.repeat(64) };

const preset = (name: PresetName): PolicyDocument => presetDocument(name, ISSUE);
const loaded = (name: PresetName) => loadPolicySet(preset(name));
const idsOf = (document: PolicyDocument) => document.rules.map(({ id }) => id);

/** A document in which some rules are others; undefined takes one out. */
function withRules(document: PolicyDocument, rules: Readonly<Record<string, string | undefined>>): PolicyDocument {
  const kept = document.rules.filter(({ id }) => !Object.hasOwn(rules, id));
  const added = Object.entries(rules).flatMap(([id, cedar]): Rule[] => (cedar === undefined ? [] : [{ id, cedar }]));
  return { ...document, rules: [...kept, ...added].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

const forbid = (needs: string): string => `@reason("r")\n@remedy("m")\nforbid (principal, action, resource) ${needs};`;

function findingsOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (isDomainError(error, 'POLICY_INVALID')) return error.facts.findings ?? error.facts.problem ?? '';
    throw error;
  }
  return 'accepted';
}

describe.each(PRESET_NAMES)('the preset %s', (name) => {
  test('may be published with its tests: each rule fires in one and not in another, and on unknown', () => {
    expect(publishChecks(loaded(name), presetTests(idsOf(preset(name))))).toEqual([]);
  });

  test('row 45: no rule is satisfied by unknown: with any fact of a rule unknown, it is not met', () => {
    const set = loaded(name);
    for (const fact of FACT_NAMES) {
      const { unmetRules, outcome } = decide(set, SUBJECT, withFacts(SOUND_RELEASE, { [fact]: 'unknown' }), []);
      const speaking = [...set.rules.values()].filter((rule) => rule.use.facts.includes(fact)).map(({ id }) => id);
      expect(unmetRules.map(({ id }) => id)).toEqual(expect.arrayContaining(speaking));
      if (speaking.length > 0) expect(outcome).not.toBe('ALLOW');
    }
  });

  test('nothing known is DENY, and every rule is listed', () => {
    const nothing = Object.fromEntries(FACT_NAMES.map((fact) => [fact, { value: 'unknown', evidence: [] }])) as unknown as Facts;
    const decision = decide(loaded(name), SUBJECT, nothing, []);
    expect(decision.outcome).toBe('DENY');
    expect(decision.unmetRules.map(({ id }) => id)).toEqual(idsOf(preset(name)).filter((id) => id !== 'base'));
    expect(decision.unmetRules.every(({ reason, remedy }) => reason.length > 10 && remedy.length > 10)).toBe(true);
  });
});

describe('what is said of a rule that is unmet because a fact is not known', () => {
  const saidOf = (values: Parameters<typeof withFacts>[1], id: string, name: PresetName = 'standard') => {
    const { unmetRules } = decide(loaded(name), SUBJECT, withFacts(SOUND_RELEASE, values), []);
    return unmetRules.find((rule) => rule.id === id);
  };

  test('names what is not known, and speaks of nothing else', () => {
    expect(saidOf({ claim_breadth_max_ppm: 'unknown' }, 'claims-narrow')).toMatchObject({
      reason: 'not known: share of the functions that the broadest claim of changes speaks of',
      remedy: expect.stringMatching(/^see to what is not known first/),
    });
    expect(saidOf({ claim_breadth_max_ppm: 1_000_000 }, 'claims-narrow')?.reason).toBe('a claim is so broad that it says nothing');
  });

  test('what is known and breaks the rule is told first', () => {
    expect(saidOf({ changed_functions: 5, changed_data: 'unknown' }, 'nothing-changed', 'rebuild')?.reason).toMatch(/meaning changed$/);
    expect(saidOf({ changed_functions: 0, changed_data: 'unknown' }, 'nothing-changed', 'rebuild')?.reason).toBe('not known: data units that changed, were added or removed');
  });

  test('a rule has its own words for it where it needs them', () => {
    expect(saidOf({ delta_provenance: 'unknown' }, 'delta-checked')).toMatchObject({ reason: 'there is no delta proof that holds', remedy: 'have the delta computed and proved again' });
    expect(saidOf({ toolchain: 'unknown' }, 'toolchain-kept')?.reason).toBe('it is not known which compilers built the two');
    expect(saidOf({ candidate_withdrawn: 'unknown' }, 'candidate-not-withdrawn')?.reason).toMatch(/contradicts itself/);
  });

  test('with nothing known, no sentence speaks as if something were', () => {
    const nothing = Object.fromEntries(FACT_NAMES.map((fact) => [fact, 'unknown']));
    for (const name of PRESET_NAMES) {
      for (const { id, reason } of decide(loaded(name), SUBJECT, withFacts(SOUND_RELEASE, nothing), []).unmetRules) {
        const { unknown } = loaded(name).rules.get(id) ?? {};
        expect([id, reason]).toEqual([id, unknown ?? expect.stringMatching(/^not known: /)]);
      }
    }
  });
});

test.each([
  ['a candidate that was withdrawn', { candidate_withdrawn: true }, 'DENY', ['candidate-not-withdrawn']],
  ['witnesses of earlier releases that were left out', { witnesses_left_out: 1 }, 'REVIEW', ['earlier-incidents-replayed']],
  ['row 52: coverage unknown', { coverage_known: false }, 'DENY', ['coverage-known']],
  ['row 53: a baseline that nobody knows', { baseline_basis: 'unknown' }, 'DENY', ['baseline-known']],
  ['the witness still reproduces', { witnesses_candidate_reproduced: 1, witnesses_candidate_fixed: 0 }, 'DENY', ['candidate-fixed', 'incident-gone']],
  ['the candidate merely does not fail', { witnesses_candidate_not_reproduced: 1, witnesses_candidate_fixed: 0 }, 'REVIEW', ['candidate-fixed']],
  ['changes without a claim', { unexplained_functions: 3, unexplained_data: 1 }, 'REVIEW', ['data-explained', 'functions-explained']],
  ['a claim on everything', { claim_breadth_max_ppm: 1_000_000, claim_breadth_union_ppm: 1_000_000 }, 'REVIEW', ['claims-narrow', 'claims-narrow-together']],
  ['another compiler generation', { toolchain: 'generation' }, 'REVIEW', ['toolchain-kept']],
  ['a delta of somebody else', { delta_provenance: 'attested' }, 'REVIEW', ['delta-proved']],
  ['a sound release', {}, 'ALLOW', []],
])('fast-patch: %s', (_, values, outcome, unmet) => {
  const decision = decide(loaded('fast-patch'), SUBJECT, withFacts(SOUND_RELEASE, values), []);
  expect([decision.outcome, decision.unmetRules.map(({ id }) => id), decision.errors]).toEqual([outcome, unmet, []]);
});

test('standard asks for no witness, but for what a witness shows when there is one', () => {
  const without = { witnesses_total: 0, witnesses_claimed: 0, witnesses_baseline_reproduced: 0, witnesses_candidate_fixed: 0, replays_min: 'unknown', success_lower_bound_ppm: 'unknown', variance_max: 'unknown' };
  expect(decide(loaded('standard'), SUBJECT, withFacts(SOUND_RELEASE, without), []).outcome).toBe('ALLOW');
  expect(decide(loaded('fast-patch'), SUBJECT, withFacts(SOUND_RELEASE, without), []).outcome).toBe('REVIEW');
  expect(decide(loaded('standard'), SUBJECT, withFacts(SOUND_RELEASE, { ...without, witnesses_total: 1, witnesses_candidate_fixed: 1 }), []).outcome).toBe('REVIEW');
});

test('a waiver takes away its own rule and no other; an integrity rule has none', () => {
  const set = loaded('fast-patch');
  const facts = withFacts(SOUND_RELEASE, { unexplained_functions: 1, unexplained_data: 1 });
  expect(decide(set, SUBJECT, facts, ['functions-explained']).unmetRules.map(({ id }) => id)).toEqual(['data-explained']);
  expect(decide(set, SUBJECT, facts, ['functions-explained', 'data-explained']).outcome).toBe('ALLOW');
  for (const [rule, values] of [['coverage-known', { coverage_known: false }], ['candidate-not-withdrawn', { candidate_withdrawn: true }]] as const) {
    expect(decide(set, SUBJECT, withFacts(SOUND_RELEASE, values), [rule]).outcome).toBe('DENY');
  }
});

describe('row 42: an evaluation error is DENY, whatever else is permitted', () => {
  test.each([
    ['an overflow', 'when { context.facts.claims_total.value * 9223372036854775807 > 1 }'],
    ['an overflow behind a rule that holds', 'when { context.facts.coverage_known.value && context.facts.claims_total.value + 9223372036854775807 > 1 }'],
  ])('%s', (_, condition) => {
    const set = loadPolicySet(withRules(preset('standard'), { erring: forbid(condition) }));
    const decision = decide(set, SUBJECT, withFacts(SOUND_RELEASE, { claims_total: 2 }), []);
    expect(decision).toMatchObject({ outcome: 'DENY', errors: ['policy error: erring'] });
  });

  test('an error that only `release` meets bars REVIEW too', () => {
    const erring = '@reason("r") @remedy("m") forbid (principal, action == Stella::Action::"release", resource) when { context.facts.claims_total.value * 9223372036854775807 > 1 };';
    const set = loadPolicySet(withRules(preset('standard'), { erring }));
    const decision = decide(set, SUBJECT, withFacts(SOUND_RELEASE, { claims_total: 2, unexplained_data: 1 }), []);
    expect(decision).toMatchObject({ outcome: 'DENY', errors: ['policy error: erring'] });
  });

  test.each([
    ['a missing attribute', 'when { context.facts.no_such_fact.value > 1 }', /no_such_fact/],
    ['`in` on a text', 'when { context.waivers.contains("x") && "a" in "b" }', /type/],
    ['a word that no enum has', 'when { context.facts.toolchain.value == Stella::ToolchainChange::"newer" }', /newer/],
    ['an attribute that is misspelt', 'unless { context.facts.claims_total.knwon }', /knwon/],
    ['a syntax error', 'when {', /unexpected|end of input/],
  ])('%s does not even load', (_, condition, message) => {
    expect(findingsOf(() => loadPolicySet(withRules(preset('standard'), { erring: forbid(condition) })))).toMatch(message);
  });
});

describe('row 43: a forbid that can never apply is not published', () => {
  test.each([
    ['an old action name', 'forbid (principal, action == Stella::Action::"deploy", resource) unless { context.facts.coverage_known.known };', /unrecognized action/],
    ['an old entity shape', 'forbid (principal, action, resource is Stella::Tenant) unless { context.facts.coverage_known.known };', /applicable action/],
    ['a condition that is never true', 'forbid (principal, action, resource) when { context.facts.coverage_known.known && false };', /impossible/],
  ])('%s', (_, rule, message) => {
    expect(findingsOf(() => loadPolicySet(withRules(preset('standard'), { dead: `@reason("r") @remedy("m") ${rule}` })))).toMatch(message);
  });
});

describe('row 44: an empty or missing policy decides nothing', () => {
  test('an empty set', () => expect(findingsOf(() => loadPolicySet({ ...preset('standard'), rules: [] }))).toBe('NO_RULES'));
  test.each([undefined, null, 'standard', []])('%s is no policy', (value) => expect(findingsOf(() => checkPolicyDocument(value))).toBe('FORM'));
  test('an unknown mode', () => expect(findingsOf(() => checkPolicyDocument({ ...preset('standard'), mode: 'audit' }))).toBe('MEMBERS'));
  test('a policy of an unknown format', () => expect(findingsOf(() => checkPolicyDocument({ ...preset('standard'), format: 'stella-policy/2' }))).toBe('FORMAT'));
  test('a policy against another set of facts', () => expect(findingsOf(() => checkPolicyDocument({ ...preset('standard'), schemaSha256: '0'.repeat(64) }))).toBe('SCHEMA'));
  test('without a permit everything is denied, and it is not published', () => {
    const set = loadPolicySet(withRules(preset('standard'), { base: undefined }));
    expect(decide(set, SUBJECT, SOUND_RELEASE, []).outcome).toBe('DENY');
    expect(publishChecks(set, presetTests(idsOf(set.document))).map(({ problem }) => problem)).toContain('NO_BASE_PERMIT');
  });
});

describe('what bars publishing', () => {
  const problems = (rules: Readonly<Record<string, string | undefined>>): string[] => {
    const set = loadPolicySet(withRules(preset('standard'), rules));
    return [...new Set(publishChecks(set, presetTests(idsOf(preset('standard')))).map(({ problem, where }) => `${problem} ${where}`))];
  };
  const ok = 'context.facts.claims_total.known && context.facts.claims_total.value <= context.limits.replays_min';

  test.each([
    ['a rule without a test', { extra: forbid(`unless { ${ok} }`) }, 'NEVER_FIRES extra'],
    ['a rule that always fires', { extra: forbid('when { context.facts.claims_total.known }') }, 'ALWAYS_FIRES extra'],
    ['arithmetic', { extra: forbid('unless { context.facts.claims_total.known && context.facts.claims_total.value + 1 <= 5 }') }, 'ARITHMETIC extra'],
    ['a negation', { extra: forbid('unless { context.facts.claims_total.known && -context.facts.claims_total.value <= 5 }') }, 'ARITHMETIC extra'],
    ['no reason', { extra: `@remedy("m") forbid (principal, action, resource) unless { ${ok} };` }, 'NO_REASON extra'],
    ['row 48: a reason that turns the line', { extra: `@reason("a\\u{202e}b") @remedy("m") forbid (principal, action, resource) unless { ${ok} };` }, 'NO_REASON extra'],
    ['words for the unknown that turn the line', { extra: `@reason("r") @remedy("m") @unknown("a\\u{202e}b") forbid (principal, action, resource) unless { ${ok} };` }, 'NO_REASON extra'],
    ['no remedy', { extra: `@reason("r") forbid (principal, action, resource) unless { ${ok} };` }, 'NO_REMEDY extra'],
    ['a rule for one tenant', { extra: `@reason("r") @remedy("m") forbid (principal == Stella::Tenant::"a", action, resource) unless { ${ok} };` }, 'SCOPE extra'],
    ['a rule on review alone', { extra: `@reason("r") @remedy("m") forbid (principal, action == Stella::Action::"review", resource) unless { ${ok} };` }, 'SCOPE extra'],
    ['a waiver of another rule', { extra: forbid(`unless { ${ok} } unless { context.waivers.contains("data-explained") }`) }, 'WAIVER_NOT_ITS_OWN_RULE extra'],
    ['a waiver name with a look-alike hyphen', { 'data-explained': forbid('unless { context.facts.unexplained_data.known && context.facts.unexplained_data.value == 0 } unless { context.waivers.contains("data\u2010explained") }') }, 'WAIVER_NOT_ITS_OWN_RULE data-explained'],
    ['any waiver at all', { extra: forbid(`unless { ${ok} } unless { !context.waivers.isEmpty() }`) }, 'WAIVER_NOT_ITS_OWN_RULE extra'],
    ['a requirement without facts', { extra: forbid('when { context.limits.replays_min > context.limits.witnesses_claimed_min }') }, 'NO_FACTS extra'],
    ['a second permit', { extra: '@reason("r") @remedy("m") permit (principal, action, resource) when { context.facts.coverage_known.value };' }, 'PERMIT_NOT_BROAD base'],
    ['row 45: a rule of the form "must not" that unknown satisfies', { 'data-explained': forbid('when { context.facts.unexplained_data.value > 0 }') }, 'SATISFIED_BY_UNKNOWN data-explained'],
  ])('%s', (_, rules, expected) => {
    expect(problems(rules as Record<string, string>)).toContain(expected);
  });

  test('a test that says otherwise', () => {
    const [sound] = presetTests(idsOf(preset('standard')));
    if (sound === undefined) throw new Error('no test');
    expect(publishChecks(loaded('standard'), [{ ...sound, outcome: 'DENY' }]).map(({ problem }) => problem)).toContain('TEST_FAILED');
  });

  test('no tests', () => {
    expect(publishChecks(loaded('standard'), []).map(({ problem }) => problem)).toEqual(['NO_TESTS']);
  });

  test('an @id that says otherwise', () => {
    expect(findingsOf(() => loadPolicySet(withRules(preset('standard'), { extra: `@id("other") ${forbid(`unless { ${ok} }`)}` })))).toMatch(/@id says other/);
  });
});

describe('the document', () => {
  test('its digest depends on its content and on nothing else', () => {
    expect(policyDigest(preset('standard'))).toBe(policyDigest(JSON.parse(JSON.stringify(preset('standard'))) as PolicyDocument));
    expect(policyDigest(preset('standard'))).not.toBe(policyDigest({ ...preset('standard'), version: 2 }));
  });

  test('rules are in one order only, each once', () => {
    const document = preset('standard');
    expect(findingsOf(() => checkPolicyDocument({ ...document, rules: [...document.rules].reverse() }))).toBe('RULES_UNSORTED');
    expect(findingsOf(() => checkPolicyDocument({ ...document, rules: [...document.rules, document.rules.at(-1)] }))).toBe('RULES_UNSORTED');
  });

  test.each([
    ['a level that was not measured', { level: 'SLSA_BUILD_LEVEL_3' }, 'LEVEL'],
    ['the level of waivers', { level: 'STELLA_WAIVED' }, 'LEVEL'],
    ['an end before the start', { expiresAt: '2025-01-01T00:00:00.000Z' }, 'VALIDITY'],
    ['a day that is none', { expiresAt: '2027-02-30T00:00:00.000Z' }, 'TIME'],
    ['a version of nothing', { version: 0 }, 'VERSION'],
    ['row 41: waivers without end', { waiversMax: 1_000 }, 'WAIVERS_MAX'],
  ])('%s is refused', (_, change, problem) => {
    expect(findingsOf(() => checkPolicyDocument({ ...preset('standard'), ...change }))).toBe(problem);
  });

  test('it is in force from its issue to its end', () => {
    expect(() => checkInForce(preset('standard'), ISSUE.issuedAt)).not.toThrow();
    for (const now of [new Date(ISSUE.issuedAt.getTime() - 1), ISSUE.expiresAt]) {
      expect(() => checkInForce(preset('standard'), now)).toThrow(expect.objectContaining({ reason: 'POLICY_EXPIRED' }));
    }
  });

  test('row 29: an older version, or another content of the same, does not replace one in force', () => {
    const first = preset('standard');
    const second = { ...first, version: 2 };
    expect(() => checkNotRolledBack(second, first)).not.toThrow();
    expect(() => checkNotRolledBack(first, first)).not.toThrow();
    expect(() => checkNotRolledBack(first, second)).toThrow(expect.objectContaining({ reason: 'POLICY_ROLLED_BACK' }));
    expect(() => checkNotRolledBack({ ...first, waiversMax: 20 }, first)).toThrow(expect.objectContaining({ reason: 'POLICY_ROLLED_BACK' }));
    expect(findingsOf(() => checkNotRolledBack(second, preset('strict')))).toBe('OTHER_POLICY');
  });
});

test('more sets than Cedar is given slots for: each still decides as itself', () => {
  const sets = Array.from({ length: 70 }, (_, i) => loadPolicySet({ ...preset('standard'), version: i + 1, limits: { ...preset('standard').limits, replays_min: i + 1 } }));
  const facts = withFacts(SOUND_RELEASE, { replays_min: 35 });
  for (const set of [...sets, ...sets]) {
    expect(decide(set, SUBJECT, facts, []).outcome).toBe(set.document.limits.replays_min <= 35 ? 'ALLOW' : 'REVIEW');
  }
});
