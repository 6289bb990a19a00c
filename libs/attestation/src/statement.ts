import { DomainError, isDomainError } from '@stella/errors';
import { canonicalize } from './canonical-json.js';
import { SHA256_HEX } from './digest.js';
import { IN_TOTO_PAYLOAD_TYPE, type VerifiedEnvelope, signEnvelope, verifyEnvelope } from './dsse.js';
import { type JsonObject, type JsonValue, isJsonObject } from './json-value.js';
import type { Signer } from './key-pair.js';
import type { PublicKey } from './keys.js';
import { ObjectReader } from './object-reader.js';
import { JSON_SIZE_BYTES_MAX, parseCanonicalJson } from './strict-json.js';

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const SUBJECT_COUNT_MAX = 10_000;
const NAME_LENGTH_MAX = 1024;
const URI_LENGTH_MAX = 500;

export interface Subject {
  readonly name: string;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** in-toto Statement v1 (in-toto/attestation spec/v1/statement.md), with sha256 as the only digest algorithm. */
export interface Statement {
  readonly subjects: readonly Subject[];
  readonly predicateType: string;
  readonly predicate: JsonObject;
}

export interface StatementInput {
  readonly subjects: readonly Subject[];
  readonly predicateType: string;
  /** Plain data; members must not be undefined. */
  readonly predicate: object;
}

export interface StatementExpectation {
  readonly predicateType: string;
  readonly sizeBytesMax?: number;
}

export interface VerifiedStatement extends VerifiedEnvelope {
  readonly statement: Statement;
}

/**
 * The canonical bytes of a statement, which is what gets signed.
 * @throws DomainError `STATEMENT_INVALID`, `JSON_NOT_ENCODABLE` or `JSON_MALFORMED` (a number that is not an integer …)
 */
export function buildStatement(input: StatementInput): Uint8Array {
  const bytes = canonicalize({
    _type: STATEMENT_TYPE,
    subject: input.subjects.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: input.predicateType,
    predicate: input.predicate,
  });
  // What we would refuse to read must not be signed either.
  parseStatement(bytes);
  return bytes;
}

/** @throws DomainError `JSON_MALFORMED`, `JSON_NOT_CANONICAL` or `STATEMENT_INVALID` with `at` and `problem` */
export function parseStatement(bytes: Uint8Array, sizeBytesMax: number = JSON_SIZE_BYTES_MAX): Statement {
  const value = parseCanonicalJson(bytes, { sizeBytesMax });
  try {
    return readStatement(value);
  } catch (error) {
    if (isDomainError(error, 'DOCUMENT_SHAPE_INVALID')) {
      throw new DomainError('STATEMENT_INVALID', error.facts, { cause: error });
    }
    throw error;
  }
}

/** Builds, signs and wraps a statement. Returns the envelope. */
export function signStatement(input: StatementInput, signer: Signer): Promise<Uint8Array> {
  return signEnvelope(IN_TOTO_PAYLOAD_TYPE, buildStatement(input), signer);
}

/**
 * Verifies an envelope and reads the statement of the one expected predicate type from the verified bytes.
 * @throws DomainError as `verifyEnvelope` and `parseStatement`, then `PREDICATE_TYPE_MISMATCH`
 */
export function verifyStatement(
  envelope: Uint8Array,
  keys: Iterable<PublicKey>,
  expected: StatementExpectation,
): VerifiedStatement {
  const verified = verifyEnvelope(envelope, keys, {
    payloadType: IN_TOTO_PAYLOAD_TYPE,
    ...(expected.sizeBytesMax === undefined ? {} : { sizeBytesMax: expected.sizeBytesMax }),
  });
  const statement = parseStatement(verified.payload, expected.sizeBytesMax);
  if (statement.predicateType !== expected.predicateType) {
    throw new DomainError('PREDICATE_TYPE_MISMATCH', {
      expected: expected.predicateType,
      actual: statement.predicateType,
    });
  }
  return { ...verified, statement };
}

/** @throws DomainError `SUBJECT_MISMATCH` unless one of the subjects has this digest */
export function requireSubject(statement: Statement, sha256: string): Subject {
  const subject = statement.subjects.find((candidate) => candidate.sha256 === sha256);
  if (subject === undefined) {
    throw new DomainError('SUBJECT_MISMATCH', {
      expected: sha256,
      actual: statement.subjects[0]?.sha256 ?? '',
      subjects: String(statement.subjects.length),
    });
  }
  return subject;
}

function readStatement(value: JsonValue): Statement {
  const reader = ObjectReader.of(value, 'statement');
  reader.word('_type', [STATEMENT_TYPE]);
  const subjects = reader.list('subject', { min: 1, max: SUBJECT_COUNT_MAX }, readSubject);
  const predicateType = reader.text('predicateType', { lengthMax: URI_LENGTH_MAX, pattern: /^[a-z][a-z0-9+.-]*:\S+$/ });
  const predicate = reader.value('predicate');
  reader.end();
  if (!isJsonObject(predicate)) {
    throw new DomainError('STATEMENT_INVALID', { at: 'statement.predicate', problem: 'object expected' });
  }
  const distinct = new Set(subjects.map(({ name, sha256 }) => `${sha256} ${name}`));
  if (distinct.size !== subjects.length) {
    throw new DomainError('STATEMENT_INVALID', { at: 'statement.subject', problem: 'a subject is listed twice' });
  }
  return { subjects, predicateType, predicate };
}

function readSubject(value: JsonValue, path: string): Subject {
  const reader = ObjectReader.of(value, path);
  const name = reader.text('name', { lengthMax: NAME_LENGTH_MAX });
  const digest = reader.nested('digest');
  const sha256 = digest.text('sha256', { lengthMax: 64, pattern: SHA256_HEX });
  digest.end();
  reader.end();
  return { name, sha256 };
}
