import { type JsonObject, ObjectReader, PREDICATE_TYPES, SHA256_HEX, type StatementInput } from '@stella/attestation';

export const CHECK_RESULTS = ['agrees', 'disagrees', 'cannot'] as const;
export type CheckResult = (typeof CHECK_RESULTS)[number];
/** How: that a proof adds up everybody can see, the other two are work of one's own. */
export const CHECK_METHODS = ['proof-check', 'lift', 'replay'] as const;
export type CheckMethod = (typeof CHECK_METHODS)[number];
/** As the API and the events name them. */
export const METHOD_NAMES: Readonly<Record<CheckMethod, string>> = { 'proof-check': 'proof-check', lift: 'deep-re-lift', replay: 'replay' };

/** What a node found when it did another's check itself. */
export interface CrossVerification {
  /** SHA-256 of the signed payload that was checked. */
  readonly payloadDigest: string;
  readonly result: CheckResult;
  readonly method: CheckMethod;
  readonly relation: 'partner' | 'same-operator';
  /** An error reason; there unless the result is `agrees`. */
  readonly reason?: string;
}

const REASON = { lengthMax: 100, pattern: /^[A-Z][A-Z0-9_]*$/ };

/**
 * The statement of it. It carries no time, so that doing the same check again says the same thing: one entry of the log.
 * @param artifacts subjects of the evidence that was checked
 */
export function crossVerificationStatement(found: CrossVerification, artifacts: readonly string[]): StatementInput {
  const { payloadDigest, result, method, relation, reason } = found;
  const subjects = [payloadDigest, ...artifacts.filter((sha256) => sha256 !== payloadDigest)];
  return {
    subjects: subjects.map((sha256) => ({ name: sha256 === payloadDigest ? 'payload' : 'artifact', sha256 })),
    predicateType: PREDICATE_TYPES.crossVerification,
    predicate: { payloadSha256: payloadDigest, result, how: method, relation, ...(reason === undefined ? {} : { reason }) },
  };
}

/** @throws DomainError `DOCUMENT_SHAPE_INVALID` */
export function readCrossVerification(predicate: JsonObject): CrossVerification {
  const reader = ObjectReader.of(predicate, 'crossVerification');
  const read: CrossVerification = {
    payloadDigest: reader.text('payloadSha256', { lengthMax: 64, pattern: SHA256_HEX }),
    result: reader.word('result', CHECK_RESULTS),
    method: reader.word('how', CHECK_METHODS),
    relation: reader.word('relation', ['partner', 'same-operator']),
    ...(reader.has('reason') ? { reason: reader.text('reason', REASON) } : {}),
  };
  reader.end();
  return read;
}

/** A cross-verification with who made it, as known here and not as it says of itself. */
export interface AttributedVerification extends CrossVerification {
  readonly organisation: string;
  /** Fingerprint of the key that signed it. */
  readonly keyFingerprint: string;
  readonly sameOperator: boolean;
}

/**
 * How many partners agree: different organisations, each with a key of its own, by work of their own. One key of two
 * organisations counts once, an organisation with two keys counts once, and a disagreement takes its maker's vote away.
 */
export function agreeingPartners(verifications: readonly AttributedVerification[], ownOrganisation: string, ownKeys: ReadonlySet<string>): number {
  const able = verifications.filter(
    ({ sameOperator, relation, organisation, keyFingerprint, method }) =>
      !sameOperator && relation === 'partner' && organisation !== ownOrganisation && !ownKeys.has(keyFingerprint) && method !== 'proof-check',
  );
  const against = able.filter(({ result }) => result === 'disagrees');
  const keys = new Set(against.map(({ keyFingerprint }) => keyFingerprint));
  const organisations = new Set(against.map(({ organisation }) => organisation));
  let count = 0;
  // Sorted, so that who is counted does not depend on who came first.
  for (const one of able.filter(({ result }) => result === 'agrees').sort(byOrganisationAndKey)) {
    if (keys.has(one.keyFingerprint) || organisations.has(one.organisation)) continue;
    keys.add(one.keyFingerprint);
    organisations.add(one.organisation);
    count += 1;
  }
  return count;
}

function byOrganisationAndKey(a: AttributedVerification, b: AttributedVerification): number {
  const [left, right] = [`${a.organisation} ${a.keyFingerprint}`, `${b.organisation} ${b.keyFingerprint}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
