import { DomainError } from '@stella/errors';
import { type Leaf, parseLeaf } from '../leaf.js';
import { LIMITS } from '../limits.js';
import { bitOf, digestOfLeaf, EMPTY_VALUE, HASH_BYTES, keyOfId, rootOf, valueOfLeaf, valueOfNode } from './hash.js';
import { addSums, isExact, NO_SUMS, type Sums, sumsOfLeaf } from './sums.js';

/** A place in a tree: an inner node (its number), a leaf (-1 - its rank by key), or nothing. */
export type Ref = number;
export const NOTHING: Ref = 0x7fff_ffff;
export const leafRef = (rank: number): Ref => -1 - rank;
export const isLeafRef = (ref: Ref): boolean => ref < 0;
export const rankOf = (ref: Ref): number => -1 - ref;

/** The flat memory of a set: what is stored, and what comes back without hashing anything again. */
export interface SetTables {
  readonly leafBytes: readonly Buffer[];
  /** 32 bytes a leaf, ascending. */
  readonly keys: Buffer;
  readonly leafValues: Buffer;
  /** Four numbers a leaf, then four an inner node. */
  readonly sums: Float64Array;
  /** Two references an inner node; children stand before their parents. */
  readonly children: Int32Array;
  readonly nodeValues: Buffer;
}

/** The units of one artifact as a Merkle tree (hash.ts says how). Immutable; leaves are parsed when they are asked for. */
export class MerkleSet {
  readonly #tables: SetTables;
  readonly root: Buffer;
  readonly sums: Sums;

  constructor(tables: SetTables) {
    this.#tables = tables;
    this.sums = this.sumsAt(this.top);
    this.root = rootOf(this.valueAt(this.top), this.sums);
  }

  get tables(): SetTables {
    return this.#tables;
  }

  get size(): number {
    return this.#tables.leafBytes.length;
  }

  get top(): Ref {
    const nodes = this.#tables.children.length / 2;
    if (nodes > 0) return nodes - 1;
    return this.size === 1 ? leafRef(0) : NOTHING;
  }

  leafBytes(rank: number): Buffer {
    return this.#tables.leafBytes[rank] as Buffer;
  }

  leaf(rank: number): Leaf {
    return parseLeaf(this.leafBytes(rank));
  }

  key(rank: number): Buffer {
    return this.#tables.keys.subarray(rank * HASH_BYTES, (rank + 1) * HASH_BYTES);
  }

  /** The rank of the unit with this id, or undefined. */
  find(id: string): number | undefined {
    const key = keyOfId(id);
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.key(middle).compare(key) < 0) low = middle + 1;
      else high = middle;
    }
    return low < this.size && this.key(low).equals(key) ? low : undefined;
  }

  valueAt(ref: Ref): Buffer {
    if (ref === NOTHING) return EMPTY_VALUE;
    const { leafValues, nodeValues } = this.#tables;
    const [from, at] = isLeafRef(ref) ? [leafValues, rankOf(ref)] : [nodeValues, ref];
    return from.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
  }

  sumsAt(ref: Ref): Sums {
    if (ref === NOTHING) return NO_SUMS;
    const at = 4 * (isLeafRef(ref) ? rankOf(ref) : this.size + ref);
    const { sums } = this.#tables;
    return {
      units: sums[at] as number,
      sizeBytes: sums[at + 1] as number,
      unresolved: sums[at + 2] as number,
      residualBytes: sums[at + 3] as number,
    };
  }

  /** The halves of a region whose keys share `depth` bits. */
  halves(ref: Ref, depth: number): readonly [Ref, Ref] {
    if (ref === NOTHING) return [NOTHING, NOTHING];
    if (isLeafRef(ref)) {
      return bitOf(this.#tables.keys, rankOf(ref) * HASH_BYTES, depth) === 0 ? [ref, NOTHING] : [NOTHING, ref];
    }
    return [this.#tables.children[2 * ref] as number, this.#tables.children[2 * ref + 1] as number];
  }

  /** Ranks of the leaves below, in key order. */
  *ranksUnder(ref: Ref): Generator<number> {
    if (ref === NOTHING) return;
    if (isLeafRef(ref)) {
      yield rankOf(ref);
      return;
    }
    yield* this.ranksUnder(this.#tables.children[2 * ref] as number);
    yield* this.ranksUnder(this.#tables.children[2 * ref + 1] as number);
  }
}

/**
 * Builds the tree over leaves in any order.
 * @param leaves canonical leaf bytes; they are kept, not copied
 * @param onLeaf sees each leaf once, as it is parsed
 * @throws LEAF_INVALID, UNIT_DUPLICATE, INDEX_TOO_LARGE
 */
export function buildMerkleSet(leaves: Iterable<Buffer>, onLeaf?: (leaf: Leaf) => void): MerkleSet {
  const entries: { readonly bytes: Buffer; readonly id: string; readonly key: Buffer; readonly sums: Sums }[] = [];
  for (const bytes of leaves) {
    const leaf = parseLeaf(bytes);
    onLeaf?.(leaf);
    entries.push({ bytes, id: leaf.id, key: keyOfId(leaf.id), sums: sumsOfLeaf(leaf) });
    if (entries.length > LIMITS.unitsMax) throw new DomainError('INDEX_TOO_LARGE', { unitsMax: String(LIMITS.unitsMax) });
  }
  entries.sort((a, b) => a.key.compare(b.key));
  const size = entries.length;
  const keys = Buffer.alloc(size * HASH_BYTES);
  const leafValues = Buffer.alloc(size * HASH_BYTES);
  const sums: number[] = [];
  entries.forEach((entry, rank) => {
    if (rank > 0 && entry.key.equals((entries[rank - 1] as (typeof entries)[number]).key)) {
      throw new DomainError('UNIT_DUPLICATE', { id: entry.id.slice(0, 200) });
    }
    keys.set(entry.key, rank * HASH_BYTES);
    leafValues.set(valueOfLeaf(entry.key, digestOfLeaf(entry.bytes)), rank * HASH_BYTES);
    sums.push(entry.sums.units, entry.sums.sizeBytes, entry.sums.unresolved, entry.sums.residualBytes);
  });
  const inner = joinLeaves(keys, leafValues, sums, size);
  return new MerkleSet({ leafBytes: entries.map((entry) => entry.bytes), keys, leafValues, ...inner });
}

/** The inner nodes above sorted leaves; `sums` grows by four numbers a node. */
function joinLeaves(
  keys: Buffer,
  leafValues: Buffer,
  sums: number[],
  size: number,
): Pick<SetTables, 'sums' | 'children' | 'nodeValues'> {
  const children: number[] = [];
  const values: Buffer[] = [];
  const valueAt = (ref: Ref): Buffer => {
    if (ref === NOTHING) return EMPTY_VALUE;
    return isLeafRef(ref) ? leafValues.subarray(rankOf(ref) * HASH_BYTES, (rankOf(ref) + 1) * HASH_BYTES) : (values[ref] as Buffer);
  };
  const sumsAt = (ref: Ref): Sums => {
    if (ref === NOTHING) return NO_SUMS;
    const at = 4 * (isLeafRef(ref) ? rankOf(ref) : size + ref);
    return { units: sums[at]!, sizeBytes: sums[at + 1]!, unresolved: sums[at + 2]!, residualBytes: sums[at + 3]! };
  };
  const join = (low: number, high: number, depth: number): Ref => {
    if (low === high) return NOTHING;
    if (high - low === 1) return leafRef(low);
    const middle = firstOne(keys, low, high, depth);
    const left = join(low, middle, depth + 1);
    const right = join(middle, high, depth + 1);
    const leftSums = sumsAt(left);
    const rightSums = sumsAt(right);
    const total = addSums(leftSums, rightSums);
    if (!isExact(total)) throw new DomainError('INDEX_TOO_LARGE', { sizeBytes: String(total.sizeBytes) });
    values.push(valueOfNode(valueAt(left), leftSums, valueAt(right), rightSums));
    children.push(left, right);
    sums.push(total.units, total.sizeBytes, total.unresolved, total.residualBytes);
    return values.length - 1;
  };
  join(0, size, 0);
  return { sums: Float64Array.from(sums), children: Int32Array.from(children), nodeValues: Buffer.concat(values) };
}

/** The first rank in [low, high) whose key has a 1 at `depth`; keys are sorted and share the bits above. */
function firstOne(keys: Buffer, low: number, high: number, depth: number): number {
  let from = low;
  let to = high;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (bitOf(keys, middle * HASH_BYTES, depth) === 0) from = middle + 1;
    else to = middle;
  }
  return from;
}
