import { canonicalize, checkText, type JsonValue, ObjectReader, parseCanonicalJson, SHA256_HEX } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import { ENTRY_SIZE_BYTES_MAX, requireEntrySize } from './tiles.js';

export const DIGEST_RECORD_TYPE = 'https://stella-ops.org/log/digest-record/v1';

/**
 * What a log holds of a payload: enough to prove that it existed and whom it is about, and nothing that would have to
 * be erased with it.
 */
export interface DigestRecord {
  /** Organisation that logged it. */
  readonly issuer: string;
  /** SHA-256 of each subject, or a keyed handle where the digest itself is private; sorted, each once. */
  readonly subjects: readonly string[];
  readonly predicateType: string;
  /** SHA-256 of the payload that the envelope's signature covers. */
  readonly payloadDigest: string;
  /** `full`: the payload is served to the log's audience; `redacted`: a reduced form; `digest`: nothing but this. */
  readonly disclosure: 'full' | 'redacted' | 'digest';
}

const SUBJECT_COUNT_MAX = 900;
const DISCLOSURES = ['full', 'redacted', 'digest'] as const;

/** Canonical JSON, at most 65,535 bytes. @throws DomainError `TLOG_RECORD_INVALID` or `TLOG_ENTRY_TOO_LARGE` */
export function encodeDigestRecord(record: DigestRecord): Uint8Array {
  const entry = canonicalize({
    type: DIGEST_RECORD_TYPE,
    issuer: record.issuer,
    subjects: Array.from(new Set(record.subjects)).sort(),
    predicateType: record.predicateType,
    payloadDigest: record.payloadDigest,
    disclosure: record.disclosure,
  });
  requireEntrySize(entry);
  parseDigestRecord(entry);
  return entry;
}

/** @throws DomainError `TLOG_RECORD_INVALID`; an entry of another kind is one too */
export function parseDigestRecord(entry: Uint8Array): DigestRecord {
  try {
    return read(parseCanonicalJson(entry, { sizeBytesMax: ENTRY_SIZE_BYTES_MAX }));
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError('TLOG_RECORD_INVALID', error.facts, { cause: error });
  }
}

function read(value: JsonValue): DigestRecord {
  const reader = ObjectReader.of(value, 'record');
  reader.word('type', [DIGEST_RECORD_TYPE]);
  const digest = { lengthMax: 64, pattern: SHA256_HEX };
  const record: DigestRecord = {
    issuer: reader.text('issuer', { lengthMax: 100 }),
    subjects: reader.list('subjects', { min: 1, max: SUBJECT_COUNT_MAX }, (subject, path) =>
      checkText(subject, path, digest),
    ),
    predicateType: reader.text('predicateType', { lengthMax: 500 }),
    payloadDigest: reader.text('payloadDigest', digest),
    disclosure: reader.word('disclosure', DISCLOSURES),
  };
  reader.end();
  if (record.subjects.some((subject, at) => at > 0 && subject <= (record.subjects[at - 1] as string))) {
    throw new DomainError('TLOG_RECORD_INVALID', { at: 'record.subjects', problem: 'not sorted, or repeated' });
  }
  return record;
}
