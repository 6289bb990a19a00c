import { DomainError } from '@stella/errors';
import { canonicalize } from './canonical-json.js';
import { sha256Hex } from './digest.js';
import { isJsonObject, type JsonObject } from './json-value.js';
import type { Signer } from './key-pair.js';
import type { PublicKey } from './keys.js';
import { PREDICATE_TYPES } from './predicate-types.js';
import { type DocumentKind, plainDocument, readAs, signDocument, verifyDocument } from './signed-document.js';
import { JSON_SIZE_BYTES_MAX, parseCanonicalJson, parseStrictJson } from './strict-json.js';
import { readTrustRoot, toTrustRootDocument, type TrustRootContent, type TrustRootInput } from './trust-root-document.js';
import { requireNotOlder, requireValidAt, type VersionedDocument } from './validity.js';

/** A trust root whose signature (or, for a development root, whose file) the caller relies on. */
export interface TrustRoot extends TrustRootContent, VersionedDocument {
  /** The root key that signed it; none for a development root. */
  readonly signedBy: PublicKey | undefined;
}

const KIND: DocumentKind = {
  predicateType: PREDICATE_TYPES.trustRoot,
  name: 'trust-root',
  invalid: 'TRUST_ROOT_INVALID',
};

/**
 * Signs a production root. What `verifyTrustRoot` would refuse is not signed.
 * @throws DomainError `TRUST_ROOT_INVALID` or `TRUST_ROOT_DEVELOPMENT_KEY`
 */
export function signTrustRoot(input: TrustRootInput, rootKey: Signer): Promise<Uint8Array> {
  const document = toTrustRootDocument(input);
  productionOnly(contentOf(plainDocument(KIND, document).document));
  return signDocument(KIND, document, rootKey);
}

/**
 * Verifies a production root against the root keys that the user pins; nothing inside the document can vouch for it.
 * @throws DomainError as `verifyStatement`, then `TRUST_ROOT_INVALID`, `TRUST_ROOT_DEVELOPMENT_KEY`,
 *   `TRUST_ROOT_EXPIRED`
 */
export function verifyTrustRoot(envelope: Uint8Array, pinned: Iterable<PublicKey>, now: Date): TrustRoot {
  const { document, digest, key } = verifyDocument(KIND, envelope, pinned);
  const root = { ...contentOf(document), digest, signedBy: key };
  productionOnly(root);
  requireValidAt(root, now, 'TRUST_ROOT_EXPIRED');
  return root;
}

/** The canonical bytes of a development root: unsigned, and every key's name begins with `dev:`. */
export function buildDevelopmentTrustRoot(input: TrustRootInput): Uint8Array {
  const document = toTrustRootDocument(input);
  developmentOnly(contentOf(plainDocument(KIND, document).document));
  return canonicalize(document);
}

/** @throws DomainError `JSON_…`, `TRUST_ROOT_INVALID`, `TRUST_ROOT_DEVELOPMENT_KEY`, `TRUST_ROOT_EXPIRED` */
export function parseDevelopmentTrustRoot(bytes: Uint8Array, now: Date): TrustRoot {
  const document = parseCanonicalJson(bytes, { sizeBytesMax: JSON_SIZE_BYTES_MAX });
  if (!isJsonObject(document)) throw new DomainError('TRUST_ROOT_INVALID', { at: 'trustRoot', problem: 'object expected' });
  const root = { ...contentOf(document), digest: sha256Hex(bytes), signedBy: undefined };
  developmentOnly(root);
  requireValidAt(root, now, 'TRUST_ROOT_EXPIRED');
  return root;
}

/**
 * Either kind of root, as a person hands it over: a signed one needs a pinned key; the unsigned form only lists development
 * keys, whatever is pinned.
 * @throws DomainError as `verifyTrustRoot` or `parseDevelopmentTrustRoot`
 */
export function openTrustRoot(bytes: Uint8Array, pinned: readonly PublicKey[], now: Date): TrustRoot {
  const value = parseStrictJson(bytes, { sizeBytesMax: bytes.length });
  const isEnvelope = isJsonObject(value) && Object.hasOwn(value, 'signatures');
  return isEnvelope || pinned.length > 0 ? verifyTrustRoot(bytes, pinned, now) : parseDevelopmentTrustRoot(bytes, now);
}

/** @throws DomainError `TRUST_ROOT_ROLLED_BACK` */
export function requireTrustRootNotOlder(seen: TrustRoot, next: TrustRoot): void {
  requireNotOlder(seen, next, 'TRUST_ROOT_ROLLED_BACK');
}

function contentOf(document: JsonObject): TrustRootContent {
  return readAs(KIND, () => readTrustRoot(document));
}

function productionOnly(content: TrustRootContent): void {
  const developmentKey = content.keys.find(({ name }) => name.startsWith('dev:'));
  if (content.profile !== 'production' || developmentKey) {
    throw new DomainError('TRUST_ROOT_DEVELOPMENT_KEY', {
      profile: content.profile,
      key: developmentKey?.name ?? '',
    });
  }
}

function developmentOnly(content: TrustRootContent): void {
  const productionKey = content.keys.find(({ name }) => !name.startsWith('dev:'));
  if (content.profile !== 'development' || productionKey) {
    throw new DomainError('TRUST_ROOT_INVALID', {
      at: 'trustRoot.profile',
      problem: 'an unsigned root may only list keys whose name begins with "dev:"',
      key: productionKey?.name ?? '',
    });
  }
}
