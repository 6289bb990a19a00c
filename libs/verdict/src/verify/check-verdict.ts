import {
  canonicalize, findRevocation, IN_TOTO_PAYLOAD_TYPE, isValidAt, mayVerifyAs, parseStatement, parseVsa, PREDICATE_TYPES, trustedKey, verifyEnvelope, verifyStatement,
  type PublicKey, type Revocation, type RevocationList, type Statement, type TrustRoot,
} from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import type { Bundle } from '../bundle/bundle.js';
import { summaryOf } from '../bundle/summary.js';
import { revocationOfVerdict, wordForRevoked } from '../evidence/verdict-revocation.js';
import { FUTURE_SKEW_MS } from '../limits.js';
import type { Verdict } from '../verdict/verdict.js';
import { couldNotCheck, refuse } from './answer.js';
import type { VerifyOptions } from './verify-options.js';

/** A statement from the very bytes whose signature was checked. */
export interface OpenedVerdict {
  readonly statement: Statement;
  readonly key: PublicKey;
  /** SHA-256 of the payload: the verdict's id. */
  readonly id: string;
}

/** Signature by any key of the root: which of them may sign is the next question. */
export function openVerdict(envelope: Uint8Array, root: TrustRoot): OpenedVerdict {
  try {
    // Those that may sign it first; the others only tell a wrong signer from a wrong signature.
    const keys = root.keys.toSorted((a, b) => Number(b.roles.includes('verdict')) - Number(a.roles.includes('verdict')));
    const { payload, payloadDigest, key } = verifyEnvelope(envelope, keys.map(({ publicKey }) => publicKey), { payloadType: IN_TOTO_PAYLOAD_TYPE });
    return { statement: parseStatement(payload), key, id: payloadDigest };
  } catch (error) {
    if (!isDomainError(error)) throw error;
    const unsigned = error.reason === 'SIGNATURE_UNVERIFIED' || error.reason === 'ENVELOPE_PAYLOAD_TYPE_MISMATCH';
    return refuse(unsigned ? 'signature' : 'malformed', error.reason, error.facts);
  }
}

/** The key may sign verdicts, now and then, and under this verifier id only. */
export function checkSigner({ key, statement }: OpenedVerdict, { root, now, verifierId }: VerifyOptions): void {
  const trusted = trustedKey(root, key.fingerprint);
  if (trusted === undefined || !trusted.roles.includes('verdict')) refuse('signer', 'SIGNER_ROLE', { key: key.fingerprint });
  // No independent time proves that it signed while it was valid, so it has to be valid still.
  if (!isValidAt(trusted, now)) refuse('signer', 'SIGNER_NOT_VALID', { key: key.fingerprint, validUntil: trusted.validUntil.toISOString() });
  const stated = statement.predicate.verifierId;
  const isVerdict = statement.predicateType === PREDICATE_TYPES.verdict;
  if (isVerdict && (typeof stated !== 'string' || !mayVerifyAs(trusted, stated))) refuse('signer', 'SIGNER_OF_ANOTHER_VERIFIER', { key: key.fingerprint });
  if (verifierId !== undefined && trusted.verifierId !== verifierId) refuse('signer', 'OTHER_VERIFIER', { expected: verifierId, actual: trusted.verifierId ?? '' });
}

export function checkSubject({ statement }: OpenedVerdict, subjects: readonly string[]): void {
  const [subject, ...others] = statement.subjects;
  if (others.length > 0) refuse('subject', 'SUBJECTS_MANY', { subjects: String(statement.subjects.length) });
  const other = subjects.find((sha256) => sha256 !== subject?.sha256);
  if (other !== undefined) refuse('subject', 'OTHER_SUBJECT', { expected: other, actual: subject?.sha256 ?? '' });
}

export function checkType({ statement }: OpenedVerdict): void {
  if (statement.predicateType === PREDICATE_TYPES.verdict) return;
  refuse('type', 'NO_VERDICT', { expected: PREDICATE_TYPES.verdict, found: statement.predicateType });
}

/** The list has to be there, fresh, the signer's own organisation's and the tenant's: without it nothing was checked. */
export function checkVerdictRevocation({ key, id }: OpenedVerdict, verdict: Verdict, { root, revocations }: VerifyOptions): RevocationList {
  if ('unavailable' in revocations) couldNotCheck('REVOCATIONS_UNAVAILABLE', { problem: revocations.unavailable });
  const { list } = revocations;
  const organisation = trustedKey(root, key.fingerprint)?.organisation ?? '';
  if (list.issuer !== organisation) couldNotCheck('REVOCATIONS_OF_ANOTHER', { expected: organisation, actual: list.issuer });
  if (list.tenant !== verdict.tenant) couldNotCheck('REVOCATIONS_OF_ANOTHER', { tenant: verdict.tenant, listOf: list.tenant });
  const keyOrPolicy = findRevocation(list, 'key', key.fingerprint) ?? findRevocation(list, 'policy', verdict.policy.sha256);
  if (keyOrPolicy !== undefined) refuse('revoked', `${keyOrPolicy.kind.toUpperCase()}_REVOKED`, factsOf(keyOrPolicy));
  const found = revocationOfVerdict(list, id, verdict);
  if (found !== undefined) refuse('revoked', wordForRevoked(found), factsOf(found));
  return list;
}

function factsOf({ kind, id, reason, at }: Revocation): Readonly<Record<string, string>> {
  return { [kind]: id, reason, at: at.toISOString() };
}

/** A DENY is no; the summaries say what the verdict says, and only an ALLOW has them. */
export function checkOutcome({ vsas }: Bundle, opened: OpenedVerdict, verdict: Verdict, { resourceUri }: VerifyOptions): void {
  if (resourceUri !== undefined && verdict.candidate.resourceUri !== resourceUri) {
    refuse('outcome', 'OTHER_RESOURCE', { expected: resourceUri, actual: verdict.candidate.resourceUri });
  }
  if (vsas.length !== (verdict.outcome === 'ALLOW' ? 1 : 0)) refuse('outcome', 'SUMMARY_AND_VERDICT_DISAGREE', { outcome: verdict.outcome, summaries: String(vsas.length) });
  if (verdict.outcome === 'DENY') refuse('outcome', 'DENY', { rules: verdict.unmetRules.map(({ id }) => id).join(' ').slice(0, 1_000) });
  for (const vsa of vsas) checkSummary(vsa, opened, verdict);
}

function checkSummary(vsa: Uint8Array, { key, id }: OpenedVerdict, verdict: Verdict): void {
  try {
    const { statement } = verifyStatement(vsa, [key], { predicateType: PREDICATE_TYPES.slsaVsa });
    const stated = canonicalize(plainSummary(parseVsa(statement)));
    if (!Buffer.from(stated).equals(canonicalize(plainSummary(summaryOf(verdict, id))))) refuse('outcome', 'SUMMARY_AND_VERDICT_DISAGREE');
  } catch (error) {
    if (!isDomainError(error)) throw error;
    refuse('outcome', error.reason, error.facts);
  }
}

function plainSummary(summary: ReturnType<typeof parseVsa>): object {
  return { ...summary, timeVerified: summary.timeVerified.toISOString() };
}

/** What ended is refused whatever was asked for: lists of revocations no longer speak of it. */
export function checkAge({ decidedAt, validUntil }: Verdict, { now, maxAgeMs }: VerifyOptions): void {
  const ageMs = now.getTime() - Date.parse(decidedAt);
  if (ageMs < -FUTURE_SKEW_MS) refuse('age', 'FROM_THE_FUTURE', { decidedAt, now: now.toISOString() });
  if (now.getTime() >= Date.parse(validUntil)) refuse('age', 'ENDED', { decidedAt, validUntil, now: now.toISOString() });
  if (maxAgeMs !== undefined && ageMs > maxAgeMs) refuse('age', 'STALE', { decidedAt, now: now.toISOString(), maxAgeMs: String(maxAgeMs) });
}
