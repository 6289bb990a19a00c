import { findRevocation, isValidAt, PREDICATE_TYPES, sha256Hex, trustedKey, verifyStatement } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { checkWaiver, checkWaivers, type PolicySet, type SignedWaiver } from '@stella/policy';
import type { StatedWaivers } from '../verdict/verdict.js';
import type { Trust } from './check-evidence.js';
import { plain } from './evidence-item.js';

export interface WaiverQuestion {
  readonly tenant: string;
  readonly candidateSha256: string;
  readonly policy: PolicySet;
  readonly requesterKeys: readonly string[];
  readonly at: Date;
}

/** Which of the waiver envelopes count at a time; what does not is listed with why, and harms nobody. */
export function waiversFromEvidence(envelopes: readonly Uint8Array[], trust: Trust, question: WaiverQuestion): StatedWaivers {
  const signed: SignedWaiver[] = [];
  const ignored: { evidence: string; problem: string }[] = [];
  for (const envelope of envelopes) {
    const evidence = sha256Hex(envelope);
    try {
      signed.push(readSigned(envelope, evidence, trust, question.at));
    } catch (error) {
      if (!isDomainError(error)) throw error;
      ignored.push({ evidence, problem: error.reason });
    }
  }
  const { policy, tenant, candidateSha256, requesterKeys, at } = question;
  const decided = checkWaivers(signed, { tenant, candidateSha256, policy, requesterKeys, now: at });
  return {
    accepted: decided.accepted.map(({ waiver, evidence }) => ({ rule: waiver.rule, evidence, expiresAt: waiver.expiresAt })),
    ignored: [...ignored, ...decided.ignored.map(({ offered, problem }) => ({ evidence: offered.evidence, problem }))].sort((a, b) => (a.evidence < b.evidence ? -1 : 1)),
  };
}

function readSigned(envelope: Uint8Array, evidence: string, { root, revocations }: Trust, at: Date): SignedWaiver {
  const keys = root.keys.map(({ publicKey }) => publicKey);
  const { statement, key, payloadDigest } = verifyStatement(envelope, keys, { predicateType: PREDICATE_TYPES.waiver });
  const waiver = checkWaiver(plain(statement.predicate));
  const trusted = trustedKey(root, key.fingerprint);
  const revoked = findRevocation(revocations, 'key', key.fingerprint) ?? findRevocation(revocations, 'statement', payloadDigest);
  const aboutCandidate = statement.subjects.length === 1 && statement.subjects[0]?.sha256 === waiver.candidateSha256;
  const mayWaive = trusted?.roles.includes('waiver') === true && isValidAt(trusted, at) && revoked === undefined && aboutCandidate;
  return { waiver, evidence, keyFingerprint: key.fingerprint, mayWaive };
}
