import type { Leaf } from '../leaf.js';
import { splitAt, TOKEN } from './frame.js';
import { bitOf, digestOfLeaf, EMPTY_VALUE, HASH_BYTES, KEY_BITS, keyOfId, rootOf, valueOfLeaf, valueOfNode } from './hash.js';
import { addSums, isExact, NO_SUMS, type Sums, sumsOfLeaf } from './sums.js';
import { readVarint } from './varint.js';

/** A listed unit as a verifier has it. */
export interface ListedLeaf {
  readonly leaf: Leaf;
  readonly bytes: Buffer;
}

export interface FoldedRoot {
  readonly root: Buffer;
  readonly sums: Sums;
}

export interface FoldedFrame {
  readonly old: FoldedRoot;
  readonly new: FoldedRoot;
  /** Of all units that are not listed: the same in both. */
  readonly unlisted: Sums;
}

/** Why a frame is not one. */
export class FrameBroken extends Error {}

interface Region {
  readonly value: Buffer;
  readonly sums: Sums;
  readonly isLeaf: boolean;
}

const NO_REGION: Region = { value: EMPTY_VALUE, sums: NO_SUMS, isLeaf: false };

/**
 * Fills a frame with the listed leaves of both sets and gives the roots that follow.
 * @param ids every listed id; what an id lacks in a side's leaves is thereby absent from that side's tree
 * @throws FrameBroken when the bytes are not the frame of any pair of sets around these ids
 */
export function foldFrame(
  frame: Uint8Array,
  ids: Iterable<string>,
  oldLeaves: ReadonlyMap<string, ListedLeaf>,
  newLeaves: ReadonlyMap<string, ListedLeaf>,
): FoldedFrame {
  const listed = [...ids].map((id) => ({ id, key: keyOfId(id) })).sort((a, b) => a.key.compare(b.key));
  const keys = listed.map((entry) => entry.key);
  const olds = listed.map((entry) => regionOfLeaf(entry.key, oldLeaves.get(entry.id)));
  const news = listed.map((entry) => regionOfLeaf(entry.key, newLeaves.get(entry.id)));
  const reader = new FrameReader(frame);
  let unlisted = NO_SUMS;
  const prefix = Buffer.alloc(HASH_BYTES);

  const fold = (low: number, high: number, depth: number): readonly [Region, Region] => {
    if (low === high) {
      const stub = reader.stub(prefix, depth);
      unlisted = addSums(unlisted, stub.sums);
      return [stub, stub];
    }
    if (reader.isClosed()) return [regionOf(keys, olds, low, high, depth), regionOf(keys, news, low, high, depth)];
    if (depth >= KEY_BITS) throw new FrameBroken('a region is opened below the last bit');
    const unitsBefore = unlisted.units;
    const middle = splitAt(keys, low, high, depth);
    const left = fold(low, middle, depth + 1);
    setBit(prefix, depth, 1);
    const right = fold(middle, high, depth + 1);
    setBit(prefix, depth, 0);
    if (unlisted.units === unitsBefore) throw new FrameBroken('a region without other units is opened');
    const before = join(left[0], right[0]);
    const same = left[0] === left[1] && right[0] === right[1];
    return [before, same ? before : join(left[1], right[1])];
  };
  const [before, after] = fold(0, keys.length, 0);
  reader.end();
  return { old: finish(before), new: finish(after), unlisted };
}

function finish({ value, sums }: Region): FoldedRoot {
  return { root: rootOf(value, sums), sums };
}

function regionOfLeaf(key: Buffer, listed: ListedLeaf | undefined): Region {
  if (listed === undefined) return NO_REGION;
  return { value: valueOfLeaf(key, digestOfLeaf(listed.bytes)), sums: sumsOfLeaf(listed.leaf), isLeaf: true };
}

/** The region of listed leaves alone. */
function regionOf(keys: readonly Buffer[], leaves: readonly Region[], low: number, high: number, depth: number): Region {
  if (low === high) return NO_REGION;
  if (high - low === 1) return leaves[low] as Region;
  const middle = splitAt(keys, low, high, depth);
  return join(regionOf(keys, leaves, low, middle, depth + 1), regionOf(keys, leaves, middle, high, depth + 1));
}

function join(left: Region, right: Region): Region {
  if (left === NO_REGION && (right.isLeaf || right === NO_REGION)) return right;
  if (right === NO_REGION && left.isLeaf) return left;
  const sums = addSums(left.sums, right.sums);
  if (!isExact(sums)) throw new FrameBroken('the sums are beyond 2^53');
  return { value: valueOfNode(left.value, left.sums, right.value, right.sums), sums, isLeaf: false };
}

function setBit(prefix: Buffer, depth: number, bit: 0 | 1): void {
  const mask = 1 << (7 - (depth & 7));
  prefix[depth >> 3] = bit === 1 ? (prefix[depth >> 3] as number) | mask : (prefix[depth >> 3] as number) & ~mask;
}

class FrameReader {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** The token of a region with listed keys. */
  isClosed(): boolean {
    const token = this.bytes[this.#at++];
    if (token !== TOKEN.closed && token !== TOKEN.open) throw new FrameBroken(`token ${token} where listed units are`);
    return token === TOKEN.closed;
  }

  /** A region without listed keys; `depth` bits of `prefix` say where it is. */
  stub(prefix: Buffer, depth: number): Region {
    const token = this.bytes[this.#at++];
    if (token === TOKEN.empty) return NO_REGION;
    if (token === TOKEN.leaf) {
      const key = this.#take(HASH_BYTES);
      for (let bit = 0; bit < depth; bit++) {
        if (bitOf(key, 0, bit) !== bitOf(prefix, 0, bit)) throw new FrameBroken('a unit lies outside of its region');
      }
      return { value: valueOfLeaf(key, this.#take(HASH_BYTES)), sums: { units: 1, ...this.#sums() }, isLeaf: true };
    }
    if (token !== TOKEN.node) throw new FrameBroken(`token ${token} where no listed unit is`);
    const value = this.#take(HASH_BYTES);
    const units = this.#number();
    if (units < 2) throw new FrameBroken('a region of fewer than two units');
    return { value, sums: { units, ...this.#sums() }, isLeaf: false };
  }

  end(): void {
    if (this.#at !== this.bytes.length) throw new FrameBroken('bytes after the frame');
  }

  #sums(): Omit<Sums, 'units'> {
    return { sizeBytes: this.#number(), unresolved: this.#number(), residualBytes: this.#number() };
  }

  #number(): number {
    const read = readVarint(this.bytes, this.#at);
    if (read === undefined) throw new FrameBroken('a number is cut or not in its shortest form');
    this.#at = read.next;
    return read.value;
  }

  #take(sizeBytes: number): Buffer {
    const end = this.#at + sizeBytes;
    if (end > this.bytes.length) throw new FrameBroken('the frame is cut');
    const part = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.#at, sizeBytes);
    this.#at = end;
    return part;
  }
}
