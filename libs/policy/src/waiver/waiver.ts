import { DomainError } from '@stella/errors';
import { unsafeText } from '../claim/safe-text.js';
import { policyTime } from '../decision/policy-document.js';
import { LIMITS } from '../limits.js';

/** Predicate of a waiver statement: one rule, of one policy version, for one candidate, until a time. */
export interface Waiver {
  readonly format: 'stella-waiver/1';
  readonly tenant: string;
  readonly rule: string;
  readonly candidateSha256: string;
  readonly policySha256: string;
  readonly reason: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
}

const MEMBERS = ['candidateSha256', 'expiresAt', 'format', 'issuedAt', 'policySha256', 'reason', 'rule', 'tenant'];
const DIGEST = /^[0-9a-f]{64}$/;
const RULE = /^[a-z][a-z0-9-]{0,62}$/;
const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

function refuse(member: string): never {
  throw new DomainError('WAIVER_INVALID', { member });
}

/** Errors: WAIVER_INVALID with the member's name; another format (an older API) is refused, not guessed. */
export function checkWaiver(value: unknown): Waiver {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('form');
  const waiver = value as Waiver;
  if (Object.keys(waiver).sort().join() !== MEMBERS.join()) refuse('members');
  if (waiver.format !== 'stella-waiver/1') refuse('format');
  if (typeof waiver.tenant !== 'string' || !TENANT.test(waiver.tenant)) refuse('tenant');
  if (typeof waiver.rule !== 'string' || !RULE.test(waiver.rule)) refuse('rule');
  if (typeof waiver.candidateSha256 !== 'string' || !DIGEST.test(waiver.candidateSha256)) refuse('candidateSha256');
  if (typeof waiver.policySha256 !== 'string' || !DIGEST.test(waiver.policySha256)) refuse('policySha256');
  if (typeof waiver.reason !== 'string' || unsafeText(waiver.reason, LIMITS.waiverReasonBytesMax) !== undefined) refuse('reason');
  if (policyTime(waiver.issuedAt) >= policyTime(waiver.expiresAt)) refuse('expiresAt');
  return waiver;
}
