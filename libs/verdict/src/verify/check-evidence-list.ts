import { canonicalize, sha256Hex } from '@stella/attestation';
import type { Bundle } from '../bundle/bundle.js';
import { checkEvidence, type Trust } from '../evidence/check-evidence.js';
import { logProofSha256 } from '../evidence/evidence-item.js';
import { ATTACHMENTS, listedWaivers } from '../issue-verdict.js';
import type { Verdict } from '../verdict/verdict.js';
import { refuse } from './answer.js';

/** The bundle holds what the verdict lists, byte for byte, and nothing else; each piece passes its own checks. */
export function checkEvidenceList(bundle: Bundle, verdict: Verdict, trust: Trust): void {
  const digests = bundle.evidence.map(({ envelope }) => sha256Hex(envelope));
  requireSame('evidence', digests, verdict.evidence.map(({ sha256 }) => sha256));
  const proofs = bundle.evidence.map(({ log }) => logProofSha256(log));
  requireSame('log proof', proofs, verdict.evidence.map((ref) => ref.logProofSha256));
  requireSame('attachment', bundle.attachments.map(({ name, value }) => `${name} ${sha256Hex(canonicalize(value))}`), verdict.attachments.map(({ name, sha256 }) => `${name} ${sha256}`));
  const known: ReadonlySet<string> = new Set(Object.values(ATTACHMENTS));
  const foreign = bundle.attachments.find(({ name }) => !known.has(name));
  if (foreign !== undefined) refuse('evidence', 'ATTACHMENT_UNKNOWN', { name: foreign.name });
  requireSame('waiver', bundle.waivers.map((envelope) => sha256Hex(envelope)), listedWaivers(verdict));
  for (const [index, item] of bundle.evidence.entries()) {
    const checked = checkEvidence(item, trust, new Date(verdict.decidedAt));
    if (!checked.ok) refuse('evidence', checked.refused.problem, { evidence: checked.refused.sha256 });
    const stated = verdict.evidence[index];
    const { payloadSha256, predicateType } = checked.evidence.ref;
    if (stated?.payloadSha256 !== payloadSha256 || stated.predicateType !== predicateType) refuse('evidence', 'EVIDENCE_MISNAMED', { evidence: checked.evidence.ref.sha256 });
  }
}

function requireSame(what: string, found: readonly string[], listed: readonly string[]): void {
  const missing = listed.find((one, index) => found[index] !== one);
  const extra = found.find((one, index) => listed[index] !== one);
  if (missing === undefined && extra === undefined) return;
  refuse('evidence', 'NOT_WHAT_THE_VERDICT_LISTS', { what, listed: missing ?? '', found: extra ?? '' });
}
