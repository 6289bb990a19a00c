import { DomainError } from '@stella/errors';
import { bitOf, digestOfLeaf, KEY_BITS, keyOfId, valueOfLeaf, valueOfNode } from './hash.js';
import { isLeafRef, leafRef, type MerkleSet, NOTHING, type Ref } from './merkle-set.js';
import { addSums, equalSums, isExact, sumsOfLeaf } from './sums.js';

/**
 * Holds some units of a set against its root: each leaf's form, its key and place, and every value and sum on its path.
 * O(ranks · log n) hashes. One damaged unit in a hundred escapes 64 random ranks with (1 - 0.01)^64 = 53 %, one in ten
 * with 0.1 %, and what is wrong on the paths of all units, such as another encoding, never.
 * @throws INDEX_INVALID, LEAF_INVALID
 */
export function spotCheck(set: MerkleSet, ranks: Iterable<number>): void {
  for (const rank of ranks) checkPath(set, rank);
}

function checkPath(set: MerkleSet, rank: number): void {
  const end = set.tables.leafEnds[rank] as number;
  if (!Number.isInteger(end) || end > set.tables.leaves.length) throw invalid('the end of a unit', rank);
  const leaf = set.leaf(rank);
  const key = keyOfId(leaf.id);
  const place = leafRef(rank);
  if (!set.key(rank).equals(key)) throw invalid('the key of a unit', rank);
  if (rank > 0 && set.key(rank - 1).compare(key) >= 0) throw invalid('the order of keys', rank);
  if (!set.valueAt(place).equals(valueOfLeaf(key, digestOfLeaf(set.leafBytes(rank))))) throw invalid('the value of a unit', rank);
  if (!equalSums(set.sumsAt(place), sumsOfLeaf(leaf))) throw invalid('the sums of a unit', rank);
  let ref: Ref = set.top;
  for (let depth = 0; ref !== place; depth++) {
    if (ref === NOTHING || isLeafRef(ref) || depth === KEY_BITS) throw invalid('the place of a unit', rank);
    const [left, right] = set.halves(ref, depth);
    const [leftSums, rightSums] = [set.sumsAt(left), set.sumsAt(right)];
    const sums = addSums(leftSums, rightSums);
    if (![leftSums, rightSums, sums].every(isExact) || !equalSums(set.sumsAt(ref), sums)) throw invalid('the sums of a region', rank);
    if (!set.valueAt(ref).equals(valueOfNode(set.valueAt(left), leftSums, set.valueAt(right), rightSums))) throw invalid('the value of a region', rank);
    ref = bitOf(key, 0, depth) === 0 ? left : right;
  }
}

function invalid(what: string, rank: number): DomainError {
  return new DomainError('INDEX_INVALID', { why: `${what} is not what its content gives`, rank: String(rank) });
}
