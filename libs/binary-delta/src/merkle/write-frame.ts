import { DomainError } from '@stella/errors';
import { splitAt, TOKEN } from './frame.js';
import { digestOfLeaf, keyOfId } from './hash.js';
import { isLeafRef, type MerkleSet, NOTHING, rankOf, type Ref } from './merkle-set.js';
import type { Sums } from './sums.js';
import { writeVarint } from './varint.js';

/** The frame of one set around the units with these ids, present or absent: an inclusion or absence proof of them all. */
export function writeSetFrame(set: MerkleSet, ids: Iterable<string>): Buffer {
  return writeFrame(set, set, ids);
}

/**
 * The frame that two sets share around the listed ids.
 * @throws INDEX_INVALID when a unit that is not listed differs: the list is not complete
 */
export function writeSharedFrame(before: MerkleSet, after: MerkleSet, ids: Iterable<string>): Buffer {
  return writeFrame(before, after, ids);
}

function writeFrame(before: MerkleSet, after: MerkleSet, ids: Iterable<string>): Buffer {
  const keys = [...new Set(ids)].map(keyOfId).sort((a, b) => a.compare(b));
  const parts: Buffer[] = [];
  const visit = (a: Ref, b: Ref, low: number, high: number, depth: number): void => {
    if (low === high) {
      if (!before.valueAt(a).equals(after.valueAt(b))) {
        throw new DomainError('INDEX_INVALID', { frame: 'a unit that is not listed differs' });
      }
      parts.push(stub(before, a));
      return;
    }
    if (holdsOnly(before, a, keys, low, high) && holdsOnly(after, b, keys, low, high)) {
      parts.push(Buffer.of(TOKEN.closed));
      return;
    }
    parts.push(Buffer.of(TOKEN.open));
    const middle = splitAt(keys, low, high, depth);
    const [aLeft, aRight] = before.halves(a, depth);
    const [bLeft, bRight] = after.halves(b, depth);
    visit(aLeft, bLeft, low, middle, depth + 1);
    visit(aRight, bRight, middle, high, depth + 1);
  };
  visit(before.top, after.top, 0, keys.length, 0);
  return Buffer.concat(parts);
}

function holdsOnly(set: MerkleSet, ref: Ref, keys: readonly Buffer[], low: number, high: number): boolean {
  if (set.sumsAt(ref).units > high - low) return false;
  let at = low;
  for (const rank of set.ranksUnder(ref)) {
    while (at < high && (keys[at] as Buffer).compare(set.key(rank)) < 0) at++;
    if (at === high || !(keys[at] as Buffer).equals(set.key(rank))) return false;
  }
  return true;
}

function stub(set: MerkleSet, ref: Ref): Buffer {
  if (ref === NOTHING) return Buffer.of(TOKEN.empty);
  const sums = set.sumsAt(ref);
  if (!isLeafRef(ref)) return Buffer.concat([Buffer.of(TOKEN.node), set.valueAt(ref), packSums(sums, true)]);
  const rank = rankOf(ref);
  return Buffer.concat([Buffer.of(TOKEN.leaf), set.key(rank), digestOfLeaf(set.leafBytes(rank)), packSums(sums, false)]);
}

function packSums({ units, sizeBytes, unresolved, residualBytes }: Sums, withUnits: boolean): Buffer {
  const bytes: number[] = [];
  if (withUnits) writeVarint(bytes, units);
  for (const value of [sizeBytes, unresolved, residualBytes]) writeVarint(bytes, value);
  return Buffer.from(bytes);
}
