import { createHash } from 'node:crypto';
import { canonicalize, type JsonValue } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { unsafeText } from '../claim/safe-text.js';
import { CEDAR_SCHEMA_SHA256 } from '../facts/cedar-schema.js';
import { checkPolicyLimits, type PolicyLimits } from '../facts/policy-limits.js';
import { LIMITS } from '../limits.js';
import type { Rule } from '../rules/rule-text.js';

/** A policy as it is signed: predicate of the policy statement. */
export interface PolicyDocument {
  readonly format: 'stella-policy/1';
  /** Name of the policy, unique in the tenant. */
  readonly id: string;
  /** Rises with every publication; an older one is refused where a newer one is known. */
  readonly version: number;
  /** What an ALLOW under it is called in a VSA's verifiedLevels. */
  readonly level: string;
  /** RFC 3339 in UTC with milliseconds, as `Date.toISOString` writes it. */
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** The closed set of facts that its rules speak of. */
  readonly schemaSha256: string;
  /** How many rules of one release may be waived. */
  readonly waiversMax: number;
  readonly limits: PolicyLimits;
  /** Sorted by id. */
  readonly rules: readonly Rule[];
}

const MEMBERS = ['expiresAt', 'format', 'id', 'issuedAt', 'level', 'limits', 'rules', 'schemaSha256', 'version', 'waiversMax'];
const ID = /^[a-z][a-z0-9-]{0,62}$/;
const LEVEL = /^STELLA_[A-Z0-9_]{1,56}$/;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

function refuse(problem: string, facts: Record<string, string> = {}): never {
  throw new DomainError('POLICY_INVALID', { problem, ...facts });
}

/** Checks form and bounds, not what the rules say. Errors: POLICY_INVALID. */
export function checkPolicyDocument(value: unknown): PolicyDocument {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('FORM');
  const document = value as PolicyDocument;
  if (Object.keys(document).sort().join() !== MEMBERS.join()) refuse('MEMBERS');
  if (document.format !== 'stella-policy/1') refuse('FORMAT');
  if (typeof document.id !== 'string' || !ID.test(document.id)) refuse('ID');
  if (!isCount(document.version, 1, Number.MAX_SAFE_INTEGER)) refuse('VERSION');
  if (typeof document.level !== 'string' || !LEVEL.test(document.level) || document.level === 'STELLA_WAIVED') refuse('LEVEL');
  if (policyTime(document.issuedAt) >= policyTime(document.expiresAt)) refuse('VALIDITY');
  if (document.schemaSha256 !== CEDAR_SCHEMA_SHA256) refuse('SCHEMA', { expected: CEDAR_SCHEMA_SHA256 });
  if (!isCount(document.waiversMax, 0, LIMITS.waiversMax)) refuse('WAIVERS_MAX');
  if (typeof document.limits !== 'object' || document.limits === null) refuse('LIMITS');
  checkPolicyLimits({ ...document.limits });
  checkRules(document.rules);
  return document;
}

function checkRules(rules: unknown): void {
  if (!Array.isArray(rules) || rules.length === 0) refuse('NO_RULES');
  if (rules.length > LIMITS.rulesMax) refuse('RULES_TOO_MANY', { rulesMax: String(LIMITS.rulesMax) });
  let before = '';
  for (const rule of rules as readonly Rule[]) {
    if (typeof rule !== 'object' || rule === null || Object.keys(rule).sort().join() !== 'cedar,id') refuse('RULE_MEMBERS');
    if (typeof rule.id !== 'string' || !ID.test(rule.id)) refuse('RULE_ID');
    if (rule.id <= before) refuse('RULES_UNSORTED', { rule: rule.id });
    before = rule.id;
    if (typeof rule.cedar !== 'string' || unsafeText(rule.cedar.replaceAll('\n', ' '), LIMITS.ruleBytesMax) !== undefined) {
      refuse('RULE_TEXT', { rule: rule.id });
    }
  }
}

function isCount(value: unknown, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

/** Milliseconds of a document's time. Errors: POLICY_INVALID. */
export function policyTime(text: unknown): number {
  if (typeof text !== 'string' || !TIME.test(text)) refuse('TIME');
  const ms = Date.parse(text);
  if (!Number.isFinite(ms) || new Date(ms).toISOString() !== text) refuse('TIME');
  return ms;
}

/** SHA-256 of the document's canonical JSON: what a request, a verdict and `--policy` name; signatures do not change it. */
export function policyDigest(document: PolicyDocument): string {
  return createHash('sha256').update(canonicalize(document as unknown as JsonValue)).digest('hex');
}

/** Errors: POLICY_EXPIRED when it is not in force at that time. */
export function checkInForce(document: PolicyDocument, now: Date): void {
  const { issuedAt, expiresAt } = document;
  if (now.getTime() < policyTime(issuedAt) || now.getTime() >= policyTime(expiresAt)) {
    throw new DomainError('POLICY_EXPIRED', { policy: document.id, version: String(document.version), issuedAt, expiresAt, now: now.toISOString() });
  }
}

/** Errors: POLICY_ROLLED_BACK when a newer version, or another content of the same version, is already in force. */
export function checkNotRolledBack(document: PolicyDocument, inForce: PolicyDocument): void {
  if (document.id !== inForce.id) refuse('OTHER_POLICY', { policy: document.id });
  const same = document.version === inForce.version && policyDigest(document) === policyDigest(inForce);
  if (document.version < inForce.version || (document.version === inForce.version && !same)) {
    throw new DomainError('POLICY_ROLLED_BACK', { policy: document.id, version: String(document.version), inForce: String(inForce.version) });
  }
}
