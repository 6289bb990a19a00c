import { DomainError, isDomainError, type Reason } from '@stella/errors';
import { canonicalize } from './canonical-json.js';
import { sha256Hex } from './digest.js';
import { isJsonObject, type JsonObject } from './json-value.js';
import type { Signer } from './key-pair.js';
import type { PublicKey } from './keys.js';
import { signStatement, verifyStatement } from './statement.js';
import { JSON_SIZE_BYTES_MAX, parseStrictJson } from './strict-json.js';

/**
 * A document that is about nothing but itself, as a statement: the predicate is the document and the only subject is
 * the digest of its canonical bytes, so that whoever cites the digest cites the document and not its envelope.
 */
export interface DocumentKind {
  readonly predicateType: string;
  /** Name of the subject. */
  readonly name: string;
  /** Reason of every defect of the document's content. */
  readonly invalid: Reason;
}

export interface VerifiedDocument {
  readonly document: JsonObject;
  /** SHA-256 of the canonical document, lower-case hexadecimal. */
  readonly digest: string;
  readonly key: PublicKey;
}

export function signDocument(kind: DocumentKind, document: object, signer: Signer): Promise<Uint8Array> {
  const sha256 = sha256Hex(canonicalize(document));
  const input = { subjects: [{ name: kind.name, sha256 }], predicateType: kind.predicateType, predicate: document };
  return signStatement(input, signer);
}

/** @throws DomainError as `verifyStatement`, or `kind.invalid` when the subject is not the document's digest */
export function verifyDocument(kind: DocumentKind, envelope: Uint8Array, keys: Iterable<PublicKey>): VerifiedDocument {
  const { statement, key } = verifyStatement(envelope, keys, { predicateType: kind.predicateType });
  const digest = sha256Hex(canonicalize(statement.predicate));
  const [subject, ...others] = statement.subjects;
  if (subject?.sha256 !== digest || subject.name !== kind.name || others.length > 0) {
    throw new DomainError(kind.invalid, { at: 'subject', problem: 'not the digest of the document' });
  }
  return { document: statement.predicate, digest, key };
}

/** What a document would read back as, before it is signed. @throws DomainError `kind.invalid` or `JSON_…` */
export function plainDocument(kind: DocumentKind, document: object): { document: JsonObject; digest: string } {
  const bytes = canonicalize(document);
  const value = parseStrictJson(bytes, { sizeBytesMax: JSON_SIZE_BYTES_MAX });
  if (!isJsonObject(value)) throw new DomainError(kind.invalid, { at: kind.name, problem: 'object expected' });
  return { document: value, digest: sha256Hex(bytes) };
}

/** Runs a reader and gives its shape errors the reason of the document. */
export function readAs<T>(kind: DocumentKind, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isDomainError(error, 'DOCUMENT_SHAPE_INVALID') && !isDomainError(error, 'KEY_MALFORMED')) throw error;
    throw new DomainError(kind.invalid, error.facts, { cause: error });
  }
}
