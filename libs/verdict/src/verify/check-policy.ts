import { canonicalize, findRevocation, isValidAt, trustedKey } from '@stella/attestation';
import { CEDAR_SCHEMA_SHA256, checkInForce, loadPolicySet, type PolicySet } from '@stella/policy';
import { createHash } from 'node:crypto';
import type { Bundle } from '../bundle/bundle.js';
import type { Trust } from '../evidence/check-evidence.js';
import { ATTACHMENTS } from '../issue-verdict.js';
import { verifyPolicy } from '../policy-statement.js';
import type { Verdict } from '../verdict/verdict.js';
import { attempt, refuse } from './answer.js';

/** The policy is the one that was asked for, signed by who may, in force at the decision, and of the facts that we know. */
export function checkPolicy({ attachments }: Bundle, verdict: Verdict, trust: Trust, expectedSha256: string): PolicySet {
  if (verdict.policy.sha256 !== expectedSha256) refuse('policy', 'OTHER_POLICY', { expected: expectedSha256, actual: verdict.policy.sha256 });
  const attached = attachments.find(({ name }) => name === ATTACHMENTS.policy);
  if (attached === undefined) return refuse('policy', 'POLICY_MISSING');
  const keys = trust.root.keys.filter(({ roles }) => roles.includes('policy'));
  const { document, digest, key, payloadSha256 } = attempt('policy', () => verifyPolicy(canonicalize(attached.value), keys.map(({ publicKey }) => publicKey)));
  const trusted = trustedKey(trust.root, key.fingerprint);
  const decidedAt = new Date(verdict.decidedAt);
  if (trusted === undefined || !isValidAt(trusted, decidedAt)) refuse('policy', 'SIGNER_NOT_VALID', { key: key.fingerprint });
  const revoked = (['policy', 'statement'] as const).map((kind) => findRevocation(trust.revocations, kind, payloadSha256)).find((found) => found !== undefined);
  const revocation = findRevocation(trust.revocations, 'key', key.fingerprint) ?? revoked;
  if (revocation !== undefined) refuse('policy', 'POLICY_REVOKED', { id: revocation.id, reason: revocation.reason });
  if (digest !== expectedSha256) refuse('policy', 'OTHER_POLICY', { expected: expectedSha256, actual: digest });
  const { id, version, level } = verdict.policy;
  if (id !== document.id || version !== document.version || level !== document.level) refuse('policy', 'POLICY_MISNAMED', { id, version: String(version), level });
  attempt('policy', () => checkInForce(document, decidedAt));
  checkSchema(attachments);
  return attempt('policy', () => loadPolicySet(document));
}

function checkSchema(attachments: Bundle['attachments']): void {
  const schema = attachments.find(({ name }) => name === ATTACHMENTS.schema)?.value;
  const actual = typeof schema === 'string' ? createHash('sha256').update(schema).digest('hex') : '';
  if (actual !== CEDAR_SCHEMA_SHA256) refuse('policy', 'OTHER_SCHEMA', { expected: CEDAR_SCHEMA_SHA256, actual });
}
