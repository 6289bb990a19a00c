import { IN_TOTO_PAYLOAD_TYPE, parseEnvelope, parseStatement, type PublicKey, sha256Hex, type Statement, verifyEnvelope } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import { encodeDigestRecord } from '@stella/transparency-log';

/** Evidence as a log sees it. */
export interface LoggableEvidence {
  readonly envelope: Uint8Array;
  readonly envelopeSha256: string;
  /** SHA-256 of the signed payload: what identifies the evidence. */
  readonly payloadDigest: string;
  readonly predicateType: string;
  /** SHA-256 of each subject, sorted, each once. */
  readonly subjects: readonly string[];
  /** The leaf: a canonical digest record. */
  readonly record: Uint8Array;
}

/**
 * Reads an envelope for the log; who signed it is for its readers to judge.
 * @param issuer the organisation that logs it
 * @throws DomainError `EVIDENCE_INVALID`, `ENTRY_TOO_LARGE`
 */
export function toLoggable(envelope: Uint8Array, issuer: string, sizeBytesMax: number): LoggableEvidence {
  const { statement, payloadDigest } = readEvidence(envelope, sizeBytesMax);
  const { predicateType } = statement;
  const subjects = Array.from(new Set(statement.subjects.map(({ sha256 }) => sha256))).sort();
  try {
    const record = encodeDigestRecord({ issuer, subjects, predicateType, payloadDigest, disclosure: 'full' });
    return { envelope, envelopeSha256: sha256Hex(envelope), payloadDigest, predicateType, subjects, record };
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError('ENTRY_TOO_LARGE', { ...error.facts, subjects: String(subjects.length) }, { cause: error });
  }
}

export interface ReadEvidence {
  readonly statement: Statement;
  readonly payloadDigest: string;
}

/** The statement inside, its signature unchecked. @throws DomainError `EVIDENCE_INVALID` */
export function readEvidence(envelope: Uint8Array, sizeBytesMax: number): ReadEvidence {
  try {
    const { payload, payloadType } = parseEnvelope(envelope, sizeBytesMax);
    if (payloadType !== IN_TOTO_PAYLOAD_TYPE) throw new DomainError('EVIDENCE_INVALID', { payloadType: payloadType.slice(0, 200) });
    return { statement: parseStatement(payload, sizeBytesMax), payloadDigest: sha256Hex(payload) };
  } catch (error) {
    if (!isDomainError(error) || error.reason === 'EVIDENCE_INVALID') throw error;
    throw new DomainError('EVIDENCE_INVALID', { ...error.facts, problem: error.facts['problem'] ?? error.reason }, { cause: error });
  }
}

/** The key that signed an envelope, if it is one of these. */
export function signerOf(envelope: Uint8Array, keys: readonly PublicKey[], sizeBytesMax: number): PublicKey | undefined {
  try {
    return verifyEnvelope(envelope, keys, { payloadType: IN_TOTO_PAYLOAD_TYPE, sizeBytesMax }).key;
  } catch (error) {
    if (isDomainError(error, 'SIGNATURE_UNVERIFIED')) return undefined;
    throw error;
  }
}
