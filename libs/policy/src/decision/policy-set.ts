import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { DomainError } from '@stella/errors';
import { CEDAR_SCHEMA, CEDAR_SCHEMA_SHA256 } from '../facts/cedar-schema.js';
import { checkPolicyDocument, policyDigest, type PolicyDocument } from './policy-document.js';
import { ruleUse, type RuleUse } from './rule-facts.js';

export interface LoadedRule {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly reason: string;
  readonly remedy: string;
  /** The rule's own words for a fact that is not known. */
  readonly unknown?: string;
  readonly waivable: boolean;
  readonly use: RuleUse;
  readonly json: cedar.PolicyJson;
}

/** A policy that parses, validates strictly and can be asked many times. */
export interface PolicySet {
  readonly document: PolicyDocument;
  readonly digest: string;
  readonly rules: ReadonlyMap<string, LoadedRule>;
}

/**
 * Parses and validates a document. Errors: POLICY_INVALID with every finding of Cedar; a warning (such as a rule that can
 * never apply) is a finding.
 */
export function loadPolicySet(document: PolicyDocument): PolicySet {
  const digest = policyDigest(checkPolicyDocument(document));
  const known = loaded.get(digest);
  if (known !== undefined) return known;
  validate({ staticPolicies: texts(document) });
  const set = { document, digest, rules: new Map(document.rules.map((rule) => [rule.id, loadRule(rule.id, rule.cedar)])) };
  const [oldest] = loaded.keys();
  if (loaded.size >= SETS_MAX && oldest !== undefined) loaded.delete(oldest);
  loaded.set(digest, set);
  return set;
}

const SETS_MAX = 64;
// By digest: equal documents are one set, whoever offers them.
const loaded = new Map<string, PolicySet>();
const slotOfDigest = new Map<string, string>();
const digestOfSlot: string[] = [];
let nextSlot = 0;

/** The id under which Cedar holds the parsed set; sets that were not asked for long are parsed again. */
export function preparsed(set: PolicySet): string {
  const known = slotOfDigest.get(set.digest);
  if (known !== undefined) return known;
  const evicted = digestOfSlot[nextSlot];
  if (evicted !== undefined) slotOfDigest.delete(evicted);
  // Cedar has no call that forgets a set: a slot is written over.
  const slot = `stella-policy-${nextSlot}`;
  expectSuccess(cedar.preparseSchema(CEDAR_SCHEMA_SHA256, CEDAR_SCHEMA));
  expectSuccess(cedar.preparsePolicySet(slot, { staticPolicies: texts(set.document) }));
  slotOfDigest.set(set.digest, slot);
  digestOfSlot[nextSlot] = set.digest;
  nextSlot = (nextSlot + 1) % SETS_MAX;
  return slot;
}

function texts(document: PolicyDocument): Record<string, string> {
  return Object.fromEntries(document.rules.map((rule) => [rule.id, rule.cedar]));
}

function validate(policies: cedar.PolicySet): void {
  const answer = cedar.validate({ schema: CEDAR_SCHEMA, policies });
  if (answer.type === 'failure') refuse(answer.errors.map((error) => error.message));
  const findings = [...answer.validationErrors, ...answer.validationWarnings].map(({ error }) => error.message);
  const found = [...findings, ...answer.otherWarnings.map((warning) => warning.message)];
  if (found.length > 0) refuse(found.sort());
}

function loadRule(id: string, text: string): LoadedRule {
  const parsed = cedar.policyToJson(text);
  if (parsed.type === 'failure') refuse(parsed.errors.map((error) => `${id}: ${error.message}`));
  const { json } = parsed;
  const named = json.annotations?.id;
  if (named !== undefined && named !== id) refuse([`${id}: @id says ${named}`]);
  const use = ruleUse(json.conditions);
  return {
    id,
    effect: json.effect,
    reason: json.annotations?.reason ?? '',
    remedy: json.annotations?.remedy ?? '',
    ...(typeof json.annotations?.unknown === 'string' && { unknown: json.annotations.unknown }),
    waivable: use.waivers.length > 0,
    use,
    json,
  };
}

function expectSuccess(answer: cedar.CheckParseAnswer): void {
  if (answer.type === 'failure') refuse(answer.errors.map((error) => error.message));
}

function refuse(findings: readonly string[]): never {
  throw new DomainError('POLICY_INVALID', { problem: 'CEDAR', findings: findings.join('; ').slice(0, 2_000) });
}
