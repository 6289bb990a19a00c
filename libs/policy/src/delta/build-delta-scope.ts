import { type Delta, kindMark, type MerkleSet, NO_REFS_MARK, peekLeaf, type UnitIndex } from '@stella/binary-delta';
import { checkDeltaScope, type DeltaScope } from './delta-scope.js';

type Lifted = Pick<UnitIndex, 'set'>;

const FUNCTION_MARK = kindMark('function');

/**
 * The scope of a delta, from both indexes. Who refers to a unit that changed in place is counted among the units that are
 * the same in both, which the candidate's index has.
 * @param modulePaths of both artifacts' build information, in any order
 */
export function buildDeltaScope(before: Lifted, after: Lifted, delta: Delta, modulePaths: readonly string[]): DeltaScope {
  const baselineFunctions = functionNames(before.set);
  return checkDeltaScope({
    oldRoot: before.set.root.toString('hex'),
    newRoot: after.set.root.toString('hex'),
    baselineFunctions: baselineFunctions.sort(),
    // What is not listed is in both.
    candidateFunctionCount: baselineFunctions.length - listedFunctions(delta, 'old') + listedFunctions(delta, 'new'),
    inPlace: inPlaceReferrers(after.set, delta),
    sameCode: delta.units.flatMap(({ old, sameCode }) => (old !== null && sameCode === true ? [old.leaf.id] : [])).sort(),
    modulePaths: [...new Set(modulePaths)].sort(),
  });
}

function functionNames(set: MerkleSet): string[] {
  const names: string[] = [];
  for (let rank = 0; rank < set.size; rank += 1) {
    const bytes = set.leafBytes(rank);
    if (bytes.includes(FUNCTION_MARK)) names.push(peekLeaf(bytes).name);
  }
  return names;
}

function listedFunctions(delta: Delta, side: 'old' | 'new'): number {
  return delta.units.filter((unit) => unit[side]?.leaf.kind === 'function').length;
}

function inPlaceReferrers(after: MerkleSet, delta: Delta): DeltaScope['inPlace'] {
  const counts = new Map(delta.units.flatMap(({ old, new: next }) => (old !== null && old.leaf.id === next?.leaf.id && needsReferrers(old.leaf.kind) ? [[old.leaf.id, 0]] : [])));
  if (counts.size === 0) return [];
  const listed = new Set(delta.units.flatMap(({ new: next }) => (next === null ? [] : [next.leaf.id])));
  for (let rank = 0; rank < after.size; rank += 1) {
    const bytes = after.leafBytes(rank);
    if (bytes.includes(NO_REFS_MARK)) continue;
    const { id, refs } = peekLeaf(bytes);
    if (listed.has(id)) continue;
    for (const ref of refs) {
      const count = counts.get(ref);
      if (count !== undefined) counts.set(ref, count + 1);
    }
  }
  return [...counts].map(([unit, referrers]) => ({ unit, referrers })).sort((a, b) => (a.unit < b.unit ? -1 : 1));
}

/** Functions and linking tables are claimed themselves; only data is explained by who refers to it. */
function needsReferrers(kind: string): boolean {
  return kind === 'data';
}
