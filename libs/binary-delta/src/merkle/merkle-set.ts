import { DomainError } from '@stella/errors';
import { type Leaf, parseLeaf } from '../leaf.js';
import { bitOf, EMPTY_VALUE, HASH_BYTES, keyOfId, rootOf } from './hash.js';
import { isExact, NO_SUMS, type Sums } from './sums.js';

/** A place in a tree: an inner node (its number), a leaf (-1 - its rank by key), or nothing. */
export type Ref = number;
export const NOTHING: Ref = 0x7fff_ffff;
export const leafRef = (rank: number): Ref => -1 - rank;
export const isLeafRef = (ref: Ref): boolean => ref < 0;
export const rankOf = (ref: Ref): number => -1 - ref;

/** The flat memory of a set: what is stored, and what comes back without hashing anything again. */
export interface SetTables {
  /** The leaves one after the other, by key, and where each ends. */
  readonly leaves: Buffer;
  readonly leafEnds: Float64Array;
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

  /** @throws INDEX_INVALID when the sums on top are none */
  constructor(tables: SetTables) {
    this.#tables = tables;
    this.sums = this.sumsAt(this.top);
    if (!isExact(this.sums)) throw new DomainError('INDEX_INVALID', { why: 'its sums are no numbers' });
    this.root = rootOf(this.valueAt(this.top), this.sums);
  }

  get tables(): SetTables {
    return this.#tables;
  }

  get size(): number {
    return this.#tables.leafEnds.length;
  }

  get top(): Ref {
    const nodes = this.#tables.children.length / 2;
    if (nodes > 0) return nodes - 1;
    return this.size === 1 ? leafRef(0) : NOTHING;
  }

  leafBytes(rank: number): Buffer {
    const { leaves, leafEnds } = this.#tables;
    return leaves.subarray(rank === 0 ? 0 : leafEnds[rank - 1], leafEnds[rank]);
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
