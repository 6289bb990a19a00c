import { isLeafRef, type MerkleSet, NOTHING, rankOf, type Ref } from './merkle-set.js';

/** Ranks of one unit in the two sets; undefined where the set has no unit of that id. */
export interface SetDifference {
  readonly old: number | undefined;
  readonly new: number | undefined;
}

/** The units that are not the same in both sets, by key. Equal regions are passed over by their value: O(changes · log n). */
export function diffSets(before: MerkleSet, after: MerkleSet): SetDifference[] {
  const found: SetDifference[] = [];
  const walk = (a: Ref, b: Ref, depth: number): void => {
    if (a === NOTHING) {
      for (const rank of after.ranksUnder(b)) found.push({ old: undefined, new: rank });
    } else if (b === NOTHING) {
      for (const rank of before.ranksUnder(a)) found.push({ old: rank, new: undefined });
    } else if (isLeafRef(a) && isLeafRef(b) && before.key(rankOf(a)).equals(after.key(rankOf(b)))) {
      if (!before.valueAt(a).equals(after.valueAt(b))) found.push({ old: rankOf(a), new: rankOf(b) });
    } else if (!before.valueAt(a).equals(after.valueAt(b))) {
      const [aLeft, aRight] = before.halves(a, depth);
      const [bLeft, bRight] = after.halves(b, depth);
      walk(aLeft, bLeft, depth + 1);
      walk(aRight, bRight, depth + 1);
    }
  };
  walk(before.top, after.top, 0);
  return found;
}
