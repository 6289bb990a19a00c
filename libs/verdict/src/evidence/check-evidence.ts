import { findRevocation, IN_TOTO_PAYLOAD_TYPE, isValidAt, parseStatement, PREDICATE_TYPES, sha256Hex, trustedKey, verifyEnvelope, type KeyRole, type RevocationList, type Statement, type TrustRoot } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { readVerdict } from '../verdict/read-verdict.js';
import type { RefusedEvidence } from '../verdict/verdict.js';
import { logProofSha256, type CheckedEvidence, type EvidenceItem } from './evidence-item.js';
import { revocationOfVerdict } from './verdict-revocation.js';

/** Who is believed, and what was taken back. */
export interface Trust {
  readonly root: TrustRoot;
  readonly revocations: RevocationList;
}

const ROLE_OF_TYPE: Readonly<Record<string, KeyRole>> = {
  [PREDICATE_TYPES.verdict]: 'verdict',
  [PREDICATE_TYPES.policy]: 'policy',
  [PREDICATE_TYPES.withdrawal]: 'revocation',
};

export type EvidenceCheck = { readonly ok: true; readonly evidence: CheckedEvidence } | { readonly ok: false; readonly refused: RefusedEvidence };

/**
 * Signature, form, signer's role and validity at the time of the decision, and revocation of key and statement. A key that
 * is revoked is not believed for anything: no time of a signature is proved here.
 */
export function checkEvidence(item: EvidenceItem, trust: Trust, decidedAt: Date): EvidenceCheck {
  const sha256 = sha256Hex(item.envelope);
  const refuse = (problem: string): EvidenceCheck => ({ ok: false, refused: { sha256, problem } });
  try {
    const { payload, payloadDigest, key } = verifyEnvelope(item.envelope, trust.root.keys.map(({ publicKey }) => publicKey), { payloadType: IN_TOTO_PAYLOAD_TYPE });
    const { subjects, predicateType, predicate } = parseStatement(payload);
    const trusted = trustedKey(trust.root, key.fingerprint);
    if (trusted === undefined || !trusted.roles.includes(ROLE_OF_TYPE[predicateType] ?? 'evidence')) return refuse('SIGNER_ROLE');
    if (!isValidAt(trusted, decidedAt)) return refuse('SIGNER_NOT_VALID');
    if (findRevocation(trust.revocations, 'key', key.fingerprint) !== undefined) return refuse('SIGNER_REVOKED');
    if (isTakenBack(trust.revocations, { subjects, predicateType, predicate }, payloadDigest)) return refuse('STATEMENT_REVOKED');
    const ref = { sha256, payloadSha256: payloadDigest, predicateType, logProofSha256: logProofSha256(item.log) };
    return { ok: true, evidence: { item, ref, subjects, predicate, organisation: trusted.organisation, keyFingerprint: key.fingerprint } };
  } catch (error) {
    if (isDomainError(error)) return refuse(error.reason);
    throw error;
  }
}

function isTakenBack(list: RevocationList, statement: Statement, payloadDigest: string): boolean {
  if (findRevocation(list, 'statement', payloadDigest) !== undefined) return true;
  return statement.predicateType === PREDICATE_TYPES.verdict && revocationOfVerdict(list, payloadDigest, readVerdict(statement)) !== undefined;
}
