import { buildVsa, type ResourceDigest, type StatementInput, type VerificationSummary } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { Verdict } from '../verdict/verdict.js';

const VERSION = '1';
export const WAIVED_LEVEL = 'STELLA_WAIVED';

/** What the summary of an ALLOW has to say; a verifier compares it member by member. Errors: VERDICT_INVALID for any other outcome. */
export function summaryOf(verdict: Verdict, id: string): VerificationSummary {
  if (verdict.outcome !== 'ALLOW') throw new DomainError('VERDICT_INVALID', { at: 'outcome', problem: 'only an ALLOW has a summary' });
  const { candidate, policy, waivers, evidence } = verdict;
  return {
    subject: { name: candidate.label, sha256: candidate.sha256 },
    verifierId: verdict.verifierId,
    verifierVersion: { stella: VERSION },
    timeVerified: new Date(verdict.decidedAt),
    resourceUri: candidate.resourceUri,
    policy: { uri: `urn:stella:policy:${policy.id}:${policy.version}`, sha256: policy.sha256 },
    inputAttestations: [input('verdict', id), ...evidence.map((ref) => input('evidence', ref.sha256))],
    verifiedLevels: [waivers.accepted.length > 0 ? WAIVED_LEVEL : policy.level],
  };
}

function input(kind: string, sha256: string): ResourceDigest {
  return { uri: `urn:stella:${kind}:${sha256}`, sha256 };
}

/** SLSA VSA 1.2 of an ALLOW; sign it with the verdict's key. */
export function summaryStatement(verdict: Verdict, id: string): StatementInput {
  return buildVsa(summaryOf(verdict, id));
}
