import { canonicalize, isJsonObject, ObjectReader, parseStrictJson, requireNotOlder, SHA256_HEX, type JsonValue, type RevocationList, type SeenVersion, type TrustRoot } from '@stella/attestation';
import { DomainError, isDomainError } from '@stella/errors';
import { LIMITS } from '../limits.js';

/** Whose list it was. */
interface SeenList extends SeenVersion {
  readonly issuer: string;
  readonly tenant: string;
}

/** What a verifier has been shown, so that nobody shows him something older later: his trust root, and each tenant's list. */
export interface Seen {
  readonly trustRoot: SeenVersion | undefined;
  readonly lists: readonly SeenList[];
}

const NOTHING: Seen = { trustRoot: undefined, lists: [] };
const DIGEST = { lengthMax: 64, pattern: SHA256_HEX };

/** @param bytes none: nothing was seen yet. Errors: SEEN_INVALID; what was seen is then not known, which is not "nothing". */
export function parseSeen(bytes: Uint8Array): Seen {
  if (bytes.length === 0) return NOTHING;
  try {
    const reader = ObjectReader.of(parseStrictJson(bytes, { sizeBytesMax: LIMITS.seenBytesMax }), 'seen');
    reader.word('format', ['stella-seen/1']);
    const root = reader.value('trustRoot');
    const seen = { trustRoot: root === null ? undefined : readVersion(ObjectReader.of(root, 'seen.trustRoot')), lists: reader.list('lists', { min: 0, max: LIMITS.seenListsMax }, readList) };
    reader.end();
    return seen;
  } catch (error) {
    if (!isDomainError(error)) throw error;
    throw new DomainError('SEEN_INVALID', { problem: error.reason, ...error.facts }, { cause: error });
  }
}

export function encodeSeen({ trustRoot, lists }: Seen): Uint8Array {
  return canonicalize({ format: 'stella-seen/1', trustRoot: trustRoot ?? null, lists: lists.map(({ issuer, tenant, version, digest }) => ({ issuer, tenant, version, digest })) });
}

/** Errors: TRUST_ROOT_ROLLED_BACK. */
export function seeRoot(seen: Seen, { version, digest }: TrustRoot): Seen {
  if (seen.trustRoot) requireNotOlder(seen.trustRoot, { version, digest }, 'TRUST_ROOT_ROLLED_BACK');
  return { ...seen, trustRoot: { version, digest } };
}

/** Errors: REVOCATION_LIST_ROLLED_BACK; SEEN_INVALID for more lists than are remembered. */
export function seeList(seen: Seen, { issuer, tenant, version, digest }: RevocationList): Seen {
  const isSame = (one: SeenList): boolean => one.issuer === issuer && one.tenant === tenant;
  const before = seen.lists.find(isSame);
  if (before) requireNotOlder(before, { version, digest }, 'REVOCATION_LIST_ROLLED_BACK');
  else if (seen.lists.length >= LIMITS.seenListsMax) throw new DomainError('SEEN_INVALID', { problem: 'more lists than are remembered', listsMax: String(LIMITS.seenListsMax) });
  return { ...seen, lists: [...seen.lists.filter((one) => !isSame(one)), { issuer, tenant, version, digest }] };
}

function readVersion(reader: ObjectReader): SeenVersion {
  const seen = { version: reader.integer('version', 1), digest: reader.text('digest', DIGEST) };
  reader.end();
  return seen;
}

function readList(value: JsonValue, at: string): SeenList {
  const reader = ObjectReader.of(isJsonObject(value) ? value : {}, at);
  const whose = { issuer: reader.text('issuer', { lengthMax: 100 }), tenant: reader.text('tenant', { lengthMax: 128 }) };
  return { ...whose, ...readVersion(reader) };
}
