import { ObjectReader, PREDICATE_TYPES, SHA256_HEX, type JsonObject } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import type { RefusedEvidence } from '../verdict/verdict.js';
import type { CheckedEvidence } from './evidence-item.js';

/** Predicate of a cross-verification: what another organisation found when it did the check itself. */
export interface CrossVerification {
  /** SHA-256 of the payload of the statement that was verified. */
  readonly payloadSha256: string;
  readonly result: 'agrees' | 'disagrees' | 'cannot';
  /** Only a lift or replay of its own counts; that a proof adds up everybody can see. */
  readonly how: 'proof-check' | 'lift' | 'replay';
  /** A node of the same operator is no partner. */
  readonly relation: 'partner' | 'same-operator';
  /** Why it is not `agrees`: a reason of an error. */
  readonly reason?: string;
}

const REASON = { lengthMax: 100, pattern: /^[A-Z][A-Z0-9_]*$/ };

/** @throws DomainError DOCUMENT_SHAPE_INVALID */
export function readCrossVerification(predicate: JsonObject): CrossVerification {
  const reader = ObjectReader.of(predicate, 'crossVerification');
  const read: CrossVerification = {
    payloadSha256: reader.text('payloadSha256', { lengthMax: 64, pattern: SHA256_HEX }),
    result: reader.word('result', ['agrees', 'disagrees', 'cannot']),
    how: reader.word('how', ['proof-check', 'lift', 'replay']),
    relation: reader.word('relation', ['partner', 'same-operator']),
    ...(reader.has('reason') && { reason: reader.text('reason', REASON) }),
  };
  reader.end();
  return read;
}

/** What a disagreement is refused as: it is evidence against the proof. */
export const DISAGREES = 'CROSS_VERIFICATION_DISAGREES';

export interface CrossFinding {
  readonly independent: number;
  readonly evidence: readonly string[];
  readonly refused: readonly RefusedEvidence[];
}

/**
 * How many different organisations, each with a key of its own, agree about the delta proof by lifting again. A key counts
 * once, an organisation counts once, and the own one not at all. A disagreement is evidence against the proof.
 */
export function crossVerifications(evidence: readonly CheckedEvidence[], ownOrganisation: string, ownKeys: ReadonlySet<string>): CrossFinding {
  const proofs = new Set(evidence.filter(({ ref }) => ref.predicateType === PREDICATE_TYPES.deltaProof).map(({ ref }) => ref.payloadSha256));
  const byOrganisation = new Map<string, string>();
  const keys = new Set<string>();
  const counted: string[] = [];
  const refused: RefusedEvidence[] = [];
  for (const one of evidence) {
    if (one.ref.predicateType !== PREDICATE_TYPES.crossVerification) continue;
    try {
      const { payloadSha256, result, how, relation } = readCrossVerification(one.predicate);
      if (!proofs.has(payloadSha256)) continue;
      if (result === 'disagrees') refused.push({ sha256: one.ref.sha256, problem: DISAGREES });
      const counts = result === 'agrees' && how === 'lift' && relation === 'partner' && one.organisation !== ownOrganisation;
      if (!counts || ownKeys.has(one.keyFingerprint) || keys.has(one.keyFingerprint) || byOrganisation.has(one.organisation)) continue;
      keys.add(one.keyFingerprint);
      byOrganisation.set(one.organisation, one.ref.sha256);
      counted.push(one.ref.sha256);
    } catch (error) {
      if (!isDomainError(error)) throw error;
      refused.push({ sha256: one.ref.sha256, problem: error.reason });
    }
  }
  return { independent: byOrganisation.size, evidence: counted.sort(), refused };
}
