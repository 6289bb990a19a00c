import type { Delta, MerkleSet, UnitIndex } from '@stella/binary-delta';
import { checkDeltaScope, type DeltaScope } from './delta-scope.js';

type Lifted = Pick<UnitIndex, 'set'>;

/**
 * The scope of a delta, from both indexes. Who refers to a unit that changed in place is counted among the units that are
 * the same in both, which the candidate's index has.
 * @param modulePaths of both artifacts' build information, in any order
 */
export function buildDeltaScope(before: Lifted, after: Lifted, delta: Delta, modulePaths: readonly string[]): DeltaScope {
  const listed = new Set(delta.units.flatMap(({ new: next }) => (next === null ? [] : [next.leaf.id])));
  const inPlace = new Map(delta.units.flatMap(({ old, new: next }) => (old !== null && old.leaf.id === next?.leaf.id ? [[old.leaf.id, 0]] : [])));
  for (const leaf of leaves(after.set)) {
    if (listed.has(leaf.id)) continue;
    for (const ref of leaf.refs) {
      const count = inPlace.get(ref);
      if (count !== undefined) inPlace.set(ref, count + 1);
    }
  }
  const functions = [...leaves(before.set)].filter(({ kind }) => kind === 'function').map(({ name }) => name);
  return checkDeltaScope({
    oldRoot: before.set.root.toString('hex'),
    newRoot: after.set.root.toString('hex'),
    baselineFunctions: functions.sort(),
    candidateFunctionCount: [...leaves(after.set)].filter(({ kind }) => kind === 'function').length,
    inPlace: [...inPlace].map(([unit, referrers]) => ({ unit, referrers })).sort((a, b) => (a.unit < b.unit ? -1 : 1)),
    modulePaths: [...new Set(modulePaths)].sort(),
  });
}

function* leaves(set: MerkleSet) {
  for (let rank = 0; rank < set.size; rank += 1) yield set.leaf(rank);
}
