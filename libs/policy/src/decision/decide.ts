import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { evaluationContext } from '../facts/cedar-context.js';
import { CEDAR_NAMESPACE, CEDAR_SCHEMA_SHA256 } from '../facts/cedar-schema.js';
import type { FactName } from '../facts/fact-list.js';
import { checkFacts, type Facts } from '../facts/fact.js';
import { preparsed, type PolicySet } from './policy-set.js';
import { saidOfUnknown, unmetForWantOf } from './unknown-facts.js';

export type Outcome = 'ALLOW' | 'REVIEW' | 'DENY';

/** A requirement that is not met. */
export interface UnmetRule {
  readonly id: string;
  readonly reason: string;
  readonly remedy: string;
  /** `both`: it bars REVIEW too. */
  readonly bars: 'release' | 'both';
}

export interface Decision {
  readonly outcome: Outcome;
  /** Sorted by id. */
  readonly unmetRules: readonly UnmetRule[];
  /** `policy error: <rule id>`, sorted; any of them means DENY. */
  readonly errors: readonly string[];
}

export interface DecisionSubject {
  readonly tenant: string;
  readonly candidateSha256: string;
}

interface Answer {
  readonly allowed: boolean;
  readonly reasons: readonly string[];
  readonly errors: readonly string[];
}

/**
 * What a policy says to facts. `release` permitted is ALLOW; else `review` permitted is REVIEW; else DENY. A rule that fails
 * in evaluation is skipped by Cedar, a `forbid` too, so an error of either action is DENY.
 * @param waivers rule ids of the waivers that count; `checkWaivers` finds them. Errors: FACT_INVALID.
 */
export function decide(set: PolicySet, subject: DecisionSubject, facts: Facts, waivers: readonly string[]): Decision {
  const asked = (action: 'release' | 'review', given: Facts): Answer => ask(set, subject, action, evaluationContext(given, set.document.limits, waivers) as unknown as cedar.Context);
  const [release, review] = [asked('release', checkFacts(facts)), asked('review', facts)];
  const errors = [...new Set([...release.errors, ...review.errors])].sort();
  const ids = [...new Set([...release.reasons, ...review.reasons])].filter((id) => set.rules.get(id)?.effect === 'forbid').sort();
  const forWantOf = unmetForWantOf(set, ids, facts, (supposed) => asked('release', supposed).reasons);
  const unmetRules = ids.map((id) => unmet(set, id, review.reasons.includes(id), forWantOf.get(id) ?? []));
  return { outcome: outcomeOf(release, review, errors), unmetRules, errors };
}

function outcomeOf(release: Answer, review: Answer, errors: readonly string[]): Outcome {
  if (errors.length > 0) return 'DENY';
  // Who may release may also ask for review; a policy in which it is otherwise contradicts itself.
  if (release.allowed) return review.allowed ? 'ALLOW' : 'DENY';
  return review.allowed ? 'REVIEW' : 'DENY';
}

function unmet(set: PolicySet, id: string, barsReview: boolean, unknown: readonly FactName[]): UnmetRule {
  const rule = set.rules.get(id);
  const bars = barsReview ? 'both' : 'release';
  if (rule === undefined) return { id, reason: '', remedy: '', bars };
  return { id, ...(unknown.length > 0 ? saidOfUnknown(rule, unknown) : { reason: rule.reason, remedy: rule.remedy }), bars };
}

function ask(set: PolicySet, subject: DecisionSubject, action: 'release' | 'review', context: cedar.Context): Answer {
  const answer = cedar.statefulIsAuthorized({
    principal: { type: `${CEDAR_NAMESPACE}::Tenant`, id: subject.tenant },
    action: { type: `${CEDAR_NAMESPACE}::Action`, id: action },
    resource: { type: `${CEDAR_NAMESPACE}::Release`, id: `sha256:${subject.candidateSha256}` },
    context,
    preparsedSchemaName: CEDAR_SCHEMA_SHA256,
    preparsedPolicySetId: preparsed(set),
    validateRequest: true,
    entities: [],
  });
  if (answer.type === 'failure') return { allowed: false, reasons: [], errors: ['policy error: request'] };
  const { decision, diagnostics } = answer.response;
  return {
    allowed: decision === 'allow',
    reasons: diagnostics.reason,
    errors: diagnostics.errors.map(({ policyId }) => `policy error: ${policyId}`),
  };
}
