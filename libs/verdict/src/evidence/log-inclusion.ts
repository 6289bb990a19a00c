import { findRevocation, type NamedKey, type TrustRoot } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { parseDigestRecord, requireWitnessed, trustedLog, trustedWitnesses, verifyTlogProof } from '@stella/transparency-log';
import type { RefusedEvidence } from '../verdict/verdict.js';
import type { Trust } from './check-evidence.js';
import type { CheckedEvidence } from './evidence-item.js';

export interface LogFinding {
  /** Every piece of evidence is in the log that the verdict names. */
  readonly included: boolean;
  readonly refused: readonly RefusedEvidence[];
  /** Fingerprints of the keys of the log, where a proof of it is there. */
  readonly keys: readonly string[];
}

/**
 * Checks the offline proof of every piece of evidence: the log is one that the trust root lists, the entry is about this
 * very payload, and no checkpoint is larger than the log was at the decision. Revoked keys of logs and witnesses count for
 * nothing. Where the root asks for witnesses, enough of
 * them have cosigned.
 */
export function logInclusion(evidence: readonly CheckedEvidence[], log: { readonly origin: string; readonly size: number }, trust: Trust, decidedAt: Date): LogFinding {
  const root = withoutRevoked(trust);
  const refused: RefusedEvidence[] = [];
  let included = evidence.length > 0;
  for (const one of evidence) {
    if (one.item.log === undefined) {
      included = false;
      continue;
    }
    const problem = proofProblem(one, one.item.log, log, root, decidedAt);
    if (problem !== undefined) refused.push({ sha256: one.ref.sha256, problem });
  }
  const isThere = evidence.some(({ item }) => item.log !== undefined);
  const keys = root.logs.filter(({ name }) => isThere && name === log.origin).map(({ fingerprint }) => fingerprint);
  return { included: included && refused.length === 0, refused, keys };
}

function withoutRevoked({ root, revocations }: Trust): TrustRoot {
  const isGood = ({ fingerprint }: NamedKey): boolean => findRevocation(revocations, 'key', fingerprint) === undefined;
  return { ...root, logs: root.logs.filter(isGood), witnesses: root.witnesses.filter(isGood) };
}

function proofProblem(one: CheckedEvidence, { record, proof }: NonNullable<CheckedEvidence['item']['log']>, log: { readonly origin: string; readonly size: number }, root: TrustRoot, decidedAt: Date): string | undefined {
  try {
    const entry = parseDigestRecord(record);
    if (entry.payloadDigest !== one.ref.payloadSha256 || entry.predicateType !== one.ref.predicateType) return 'LOG_ENTRY_OF_ANOTHER';
    const identity = trustedLog(root, log.origin, decidedAt);
    const verified = verifyTlogProof(proof, record, identity, trustedWitnesses(root, decidedAt));
    if (verified.checkpoint.size > log.size) return 'LOG_SIZE';
    if (root.thresholds.some(({ role }) => role === 'witness')) requireWitnessed(root, verified, identity, decidedAt);
    return undefined;
  } catch (error) {
    if (isDomainError(error)) return error.reason;
    throw error;
  }
}
