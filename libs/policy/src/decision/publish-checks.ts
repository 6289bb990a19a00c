import { unsafeText } from '../claim/safe-text.js';
import type { Facts } from '../facts/fact.js';
import { LIMITS } from '../limits.js';
import { decide } from './decide.js';
import { withFacts } from '../facts/with-facts.js';
import type { PolicyTest } from './policy-test.js';
import type { LoadedRule, PolicySet } from './policy-set.js';

/** What bars a policy from being published. */
export interface PublishFinding {
  readonly problem:
    | 'NO_BASE_PERMIT'
    | 'PERMIT_NOT_BROAD'
    | 'NO_REASON'
    | 'NO_REMEDY'
    | 'SCOPE'
    | 'ARITHMETIC'
    | 'NO_FACTS'
    | 'WAIVER_NOT_ITS_OWN_RULE'
    | 'NO_TESTS'
    | 'TESTS_TOO_MANY'
    | 'TEST_FAILED'
    | 'NEVER_FIRES'
    | 'ALWAYS_FIRES'
    | 'SATISFIED_BY_UNKNOWN';
  readonly where: string;
  readonly detail: string;
}

const SUBJECT = { tenant: 'publish-check', candidateSha256: '0'.repeat(64) };

/**
 * What is wrong with a policy beyond what `loadPolicySet` refuses; empty: it may be published.
 * Every rule must fire in one test and not in another, and must fire as soon as a fact that it speaks of is unknown.
 */
export function publishChecks(set: PolicySet, tests: readonly PolicyTest[]): readonly PublishFinding[] {
  const rules = [...set.rules.values()];
  const findings = [...permitFindings(rules), ...rules.flatMap((rule) => ruleFindings(rule))];
  if (tests.length === 0) return [...findings, finding('NO_TESTS', set.document.id, 'a policy is published with examples of what it decides')];
  if (tests.length > LIMITS.policyTestsMax) return [...findings, finding('TESTS_TOO_MANY', set.document.id, String(tests.length))];
  const fired = new Map(tests.map((test) => [test, decide(set, SUBJECT, test.facts, test.waivers)]));
  for (const [test, { outcome, unmetRules, errors }] of fired) {
    const unmet = unmetRules.map(({ id }) => id);
    if (outcome !== test.outcome || unmet.join() !== [...test.unmet].sort().join() || errors.length > 0) {
      findings.push(finding('TEST_FAILED', test.name, `${outcome}: ${[...unmet, ...errors].join(', ')}`));
    }
  }
  for (const rule of rules.filter(({ effect }) => effect === 'forbid')) {
    const fires = (test: PolicyTest): boolean => fired.get(test)?.unmetRules.some(({ id }) => id === rule.id) ?? false;
    const met = tests.find((test) => !fires(test) && !test.waivers.includes(rule.id));
    if (!tests.some(fires)) findings.push(finding('NEVER_FIRES', rule.id, 'no test'));
    if (met === undefined) findings.push(finding('ALWAYS_FIRES', rule.id, 'every test'));
    else findings.push(...unknownFindings(set, rule, met.facts));
  }
  return findings;
}

function finding(problem: PublishFinding['problem'], where: string, detail: string): PublishFinding {
  return { problem, where, detail };
}

function permitFindings(rules: readonly LoadedRule[]): PublishFinding[] {
  const permits = rules.filter(({ effect }) => effect === 'permit');
  const [base] = permits;
  if (base === undefined) return [finding('NO_BASE_PERMIT', '', 'nothing is ever permitted')];
  const { principal, action, resource, conditions } = base.json;
  const broad = principal.op === 'All' && action.op === 'All' && resource.op === 'All' && conditions.length === 0;
  const one = permits.length === 1;
  return broad && one ? [] : [finding('PERMIT_NOT_BROAD', base.id, 'a policy has one permit without scope and conditions; requirements are forbids')];
}

function ruleFindings(rule: LoadedRule): PublishFinding[] {
  const { id, reason, remedy, unknown, use, json } = rule;
  const found: PublishFinding[] = [];
  if (unsafeText(reason, LIMITS.annotationBytesMax) !== undefined) found.push(finding('NO_REASON', id, '@reason'));
  if (unsafeText(remedy, LIMITS.annotationBytesMax) !== undefined) found.push(finding('NO_REMEDY', id, '@remedy'));
  if (unknown !== undefined && unsafeText(unknown, LIMITS.annotationBytesMax) !== undefined) found.push(finding('NO_REASON', id, '@unknown'));
  if (use.arithmetic) found.push(finding('ARITHMETIC', id, 'arithmetic on facts can overflow'));
  if (rule.effect === 'permit') return found;
  // A requirement holds for every tenant and release, and for ALLOW at least.
  const toAll = json.principal.op === 'All' && json.resource.op === 'All';
  const { action } = json;
  const toRelease = action.op === 'All' || (action.op === '==' && 'entity' in action && JSON.stringify(action.entity).includes('"release"'));
  if (!toAll || !toRelease) found.push(finding('SCOPE', id, 'a requirement names no principal or resource, and no action but release'));
  if (use.facts.length === 0) found.push(finding('NO_FACTS', id, 'a requirement speaks of at least one fact'));
  if (use.waiversOtherwise || use.waivers.some((waived) => waived !== id)) {
    found.push(finding('WAIVER_NOT_ITS_OWN_RULE', id, `context.waivers.contains(${JSON.stringify(id)}) is the only use`));
  }
  return found;
}

/** Mechanically: from facts under which the rule is met, each fact that it speaks of becomes unknown in turn. */
function unknownFindings(set: PolicySet, rule: LoadedRule, facts: Facts): PublishFinding[] {
  return rule.use.facts
    .filter((name) => {
      const { unmetRules } = decide(set, SUBJECT, withFacts(facts, { [name]: 'unknown' }), []);
      return !unmetRules.some(({ id }) => id === rule.id);
    })
    .map((name) => finding('SATISFIED_BY_UNKNOWN', rule.id, name));
}
