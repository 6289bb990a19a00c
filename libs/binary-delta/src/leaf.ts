import { DomainError } from '@stella/errors';
import { LIMITS } from './limits.js';
import { isStrictlySorted } from './utf8-order.js';

export const UNIT_KINDS = ['function', 'data', 'metadata', 'header', 'padding', 'residual'] as const;
export type UnitKind = (typeof UNIT_KINDS)[number];

/**
 * One unit of an artifact as it is hashed: nothing in it moves when only the layout moves.
 * The order of members is the canonical one (RFC 8785).
 */
export interface Leaf {
  /** BLAKE3-256 of the normal form, lower-case hex. */
  readonly e1: string;
  /** Unique in the artifact, and stable from build to build. */
  readonly id: string;
  readonly kind: UnitKind;
  /** For people: a function's name or a label. */
  readonly name: string;
  /** Ids of the units it refers to: sorted by UTF-8 bytes, without duplicates. */
  readonly refs: readonly string[];
  /** Things in it that could not be resolved. */
  readonly residual: number;
  /** Bytes of the artifact that belong to it. */
  readonly size: number;
}

const MEMBERS = 7;
const E1 = /^[0-9a-f]{64}$/;
const KINDS: ReadonlySet<string> = new Set(UNIT_KINDS);
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Parses the canonical JSON of a leaf, and refuses every other spelling of the same value. @throws LEAF_INVALID */
export function parseLeaf(bytes: Uint8Array): Leaf {
  if (bytes.length > LIMITS.leafBytesMax) throw invalid('size', `${bytes.length} bytes`);
  let text: string;
  let value: unknown;
  try {
    text = strictUtf8.decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid('encoding', 'not UTF-8 JSON', cause);
  }
  const leaf = checkLeaf(value);
  if (canonicalLeaf(leaf) !== text) throw invalid('encoding', 'not canonical');
  return leaf;
}

/**
 * The leaf of a set whose leaves were checked when it was made: its form is not looked at again, at a tenth of the cost.
 * @throws LEAF_INVALID when it is no JSON
 */
export function peekLeaf(bytes: Buffer): Leaf {
  try {
    return JSON.parse(bytes.toString('utf8')) as Leaf;
  } catch (cause) {
    throw invalid('encoding', 'not UTF-8 JSON', cause);
  }
}

/**
 * What the canonical bytes of every leaf of a kind hold, and those of no other leaf: inside of a string its quotes would
 * be escaped.
 */
export function kindMark(kind: UnitKind): Buffer {
  return Buffer.from(`","kind":"${kind}","name":"`);
}

/** What the canonical bytes of every leaf without references hold, and those of no other leaf. */
export const NO_REFS_MARK: Buffer = Buffer.from('","refs":[],"');

/** The bytes that are hashed. @throws LEAF_INVALID */
export function encodeLeaf(leaf: Leaf): Buffer {
  return Buffer.from(canonicalLeaf(checkLeaf(leaf)), 'utf8');
}

// JSON.stringify escapes as RFC 8785 demands as long as no string holds a lone surrogate.
function canonicalLeaf({ e1, id, kind, name, refs, residual, size }: Leaf): string {
  return JSON.stringify({ e1, id, kind, name, refs, residual, size });
}

function checkLeaf(value: unknown): Leaf {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== MEMBERS) throw invalid('members');
  const leaf = value as Leaf;
  if (typeof leaf.e1 !== 'string' || !E1.test(leaf.e1)) throw invalid('e1');
  if (!isText(leaf.id) || leaf.id === '') throw invalid('id');
  if (!KINDS.has(leaf.kind)) throw invalid('kind', String(leaf.kind).slice(0, 32));
  if (!isText(leaf.name)) throw invalid('name');
  if (!Array.isArray(leaf.refs) || !leaf.refs.every(isText) || !isStrictlySorted(leaf.refs)) throw invalid('refs');
  if (!isCount(leaf.residual)) throw invalid('residual');
  if (!isCount(leaf.size)) throw invalid('size');
  return leaf;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LIMITS.idBytesMax && value.isWellFormed();
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

function invalid(member: string, found = '', cause?: unknown): DomainError {
  return new DomainError('LEAF_INVALID', { member, ...(found !== '' && { found }) }, cause === undefined ? {} : { cause });
}
