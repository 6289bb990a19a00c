import { IN_TOTO_PAYLOAD_TYPE, parseStatement, PREDICATE_TYPES, type PublicKey, type StatementInput, verifyEnvelope } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { checkPolicyDocument, policyDigest, type PolicyDocument } from '@stella/policy';
import { plain } from './evidence/evidence-item.js';

const SUBJECT = 'policy';

/** The statement of a policy: its one subject is the document's own digest. */
export function policyStatement(document: PolicyDocument): StatementInput {
  return { subjects: [{ name: SUBJECT, sha256: policyDigest(checkPolicyDocument(document)) }], predicateType: PREDICATE_TYPES.policy, predicate: document };
}

export interface VerifiedPolicy {
  readonly document: PolicyDocument;
  readonly digest: string;
  readonly key: PublicKey;
  readonly payloadSha256: string;
}

/** Errors: as `verifyEnvelope` and `parseStatement`; POLICY_INVALID when it is not a policy, or its subject another one. */
export function verifyPolicy(envelope: Uint8Array, keys: Iterable<PublicKey>): VerifiedPolicy {
  const { payload, payloadDigest, key } = verifyEnvelope(envelope, keys, { payloadType: IN_TOTO_PAYLOAD_TYPE });
  const { subjects, predicateType, predicate } = parseStatement(payload);
  if (predicateType !== PREDICATE_TYPES.policy) throw new DomainError('POLICY_INVALID', { problem: 'PREDICATE_TYPE', actual: predicateType });
  const document = checkPolicyDocument(plain(predicate));
  const digest = policyDigest(document);
  const [subject, ...others] = subjects;
  if (subject?.sha256 !== digest || subject.name !== SUBJECT || others.length > 0) throw new DomainError('POLICY_INVALID', { problem: 'SUBJECT', expected: digest });
  return { document, digest, key, payloadSha256: payloadDigest };
}
