import { DomainError } from '@stella/errors';
import type { JsonObject, JsonValue } from './json-value.js';
import type { Signer } from './key-pair.js';
import { SHA256_HEX } from './digest.js';
import { ObjectReader } from './object-reader.js';
import { PREDICATE_TYPES } from './predicate-types.js';
import { type DocumentKind, plainDocument, readAs, signDocument, verifyDocument } from './signed-document.js';
import { trustedKey, trustedKeys } from './trusted-keys.js';
import type { TrustRootContent } from './trust-root-document.js';
import { requireNotOlder, requireValidAt, type VersionedDocument } from './validity.js';

export const REVOCATION_KINDS = ['key', 'verdict', 'policy', 'statement', 'candidate', 'question'] as const;
export type RevocationKind = (typeof REVOCATION_KINDS)[number];
/** Kinds that take back by time: every verdict about the thing that was decided before `at`. One entry, however many there were. */
export type CutOffKind = 'candidate' | 'question';
export const REVOCATION_COUNT_MAX = 100_000;

export interface Revocation {
  readonly kind: RevocationKind;
  /** Key fingerprint, payload digest of a verdict, policy or other statement, digest of a candidate or question: 64 lower-case hexadecimal digits. */
  readonly id: string;
  readonly reason: string;
  /** When it was taken back; of a candidate or question, verdicts decided from then on count. */
  readonly at: Date;
}

export interface RevocationListInput {
  /** Organisation of the key that signs the list. */
  readonly issuer: string;
  /** Whose verdicts it is about: each tenant has a list of its own, with versions of its own. */
  readonly tenant: string;
  readonly version: number;
  readonly issuedAt: Date;
  readonly validUntil: Date;
  readonly entries: readonly Revocation[];
}

export interface RevocationList extends RevocationListInput, VersionedDocument {}

const TENANT = { lengthMax: 128, pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/ };
const KIND: DocumentKind = {
  predicateType: PREDICATE_TYPES.revocationList,
  name: 'revocation-list',
  invalid: 'REVOCATION_LIST_INVALID',
};

/** @throws DomainError `REVOCATION_LIST_INVALID` for what would not read back */
export function signRevocationList(input: RevocationListInput, signer: Signer): Promise<Uint8Array> {
  const document = {
    issuer: input.issuer,
    tenant: input.tenant,
    version: input.version,
    issuedAt: input.issuedAt.toISOString(),
    validUntil: input.validUntil.toISOString(),
    entries: input.entries.map(({ kind, id, reason, at }) => ({ kind, id, reason, at: at.toISOString() })),
  };
  contentOf(plainDocument(KIND, document).document);
  return signDocument(KIND, document, signer);
}

/**
 * Verifies the list of one issuer, signed by a key that the trust root gives the role `revocation` and the issuer's
 * organisation.
 * @throws DomainError as `verifyStatement`, then `REVOCATION_LIST_INVALID`, `REVOCATION_LIST_STALE`; whoever gets
 *   one of them could not check revocation, which is not the same as "not revoked"
 */
export function verifyRevocationList(
  envelope: Uint8Array,
  root: TrustRootContent,
  expected: { readonly issuer: string; readonly now: Date },
): RevocationList {
  const keys = trustedKeys(root, 'revocation', expected.now).map(({ publicKey }) => publicKey);
  const { document, digest, key } = verifyDocument(KIND, envelope, keys);
  const list = { ...contentOf(document), digest };
  const organisation = trustedKey(root, key.fingerprint)?.organisation;
  if (list.issuer !== expected.issuer || organisation !== expected.issuer) {
    throw new DomainError('REVOCATION_LIST_INVALID', {
      problem: 'another issuer',
      expected: expected.issuer,
      actual: list.issuer,
      signedBy: organisation ?? '',
    });
  }
  requireValidAt(list, expected.now, 'REVOCATION_LIST_STALE');
  return list;
}

/** @throws DomainError `REVOCATION_LIST_ROLLED_BACK` */
export function requireRevocationListNotOlder(seen: RevocationList, next: RevocationList): void {
  requireNotOlder(seen, next, 'REVOCATION_LIST_ROLLED_BACK');
}

/** The earliest entry for this thing, if it is revoked. */
export function findRevocation(list: RevocationList, kind: RevocationKind, id: string): Revocation | undefined {
  return entriesOf(list, kind, id)[0];
}

/** The last entry that takes back what was decided about this thing at that time, if there is one. */
export function findCutOff(list: RevocationList, kind: CutOffKind, id: string, decidedAt: Date): Revocation | undefined {
  return entriesOf(list, kind, id).findLast(({ at }) => decidedAt.getTime() < at.getTime());
}

// A long list is asked about each piece of evidence.
const indexes = new WeakMap<RevocationList, ReadonlyMap<string, readonly Revocation[]>>();

function entriesOf(list: RevocationList, kind: RevocationKind, id: string): readonly Revocation[] {
  const index = indexes.get(list) ?? indexOf(list);
  return index.get(`${kind} ${id}`) ?? [];
}

function indexOf(list: RevocationList): ReadonlyMap<string, readonly Revocation[]> {
  const index = new Map<string, Revocation[]>();
  for (const entry of list.entries.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
    const key = `${entry.kind} ${entry.id}`;
    const known = index.get(key);
    if (known) known.push(entry);
    else index.set(key, [entry]);
  }
  indexes.set(list, index);
  return index;
}

function contentOf(document: JsonObject): RevocationListInput {
  return readAs(KIND, () => {
    const reader = ObjectReader.of(document, 'revocationList');
    const content = {
      issuer: reader.text('issuer', { lengthMax: 100 }),
      tenant: reader.text('tenant', TENANT),
      version: reader.integer('version', 1),
      issuedAt: reader.time('issuedAt'),
      validUntil: reader.time('validUntil'),
      entries: reader.list('entries', { min: 0, max: REVOCATION_COUNT_MAX }, readEntry),
    };
    reader.end();
    if (content.issuedAt.getTime() >= content.validUntil.getTime()) {
      throw new DomainError('REVOCATION_LIST_INVALID', { at: 'revocationList', problem: 'ends before it begins' });
    }
    return content;
  });
}

function readEntry(value: JsonValue, path: string): Revocation {
  const reader = ObjectReader.of(value, path);
  const entry = {
    kind: reader.word('kind', REVOCATION_KINDS),
    id: reader.text('id', { lengthMax: 64, pattern: SHA256_HEX }),
    reason: reader.text('reason', { lengthMax: 1000 }),
    at: reader.time('at'),
  };
  reader.end();
  return entry;
}
