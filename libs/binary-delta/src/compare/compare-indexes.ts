import { diffSets } from '../merkle/diff.js';
import type { MerkleSet } from '../merkle/merkle-set.js';
import { classesOf, type Match, type UnitClass } from '../unit-class.js';
import { compareUtf8 } from '../utf8-order.js';
import { findBijection } from './bijection.js';
import { separateLookalikes } from './lookalikes.js';
import { type Candidate, Matching, type Pair } from './candidates.js';
import { matchExact, matchRepeated } from './match-exact.js';
import { matchFuzzy, matchNeighbours } from './match-likely.js';
import { requireComparable, type UnitIndex, type UnitSide } from './unit-index.js';

/** A unit that is not shown to be the same; `bytes` are its leaf as hashed. */
export interface DeltaUnit {
  readonly class: UnitClass;
  readonly match: Match;
  readonly old: Candidate | null;
  readonly new: Candidate | null;
  /**
   * A function whose references differ only in what variables hold at first: its code is the same and leads to the same
   * places, as far as the bijection can tell. The variables themselves are listed. Not borne by the leaves.
   */
  readonly sameCode?: true;
}

export interface Delta {
  /** Sorted by the old id, or the new one where there is no old. */
  readonly units: readonly DeltaUnit[];
  /** Units that are the same in both. */
  readonly identicalUnits: number;
  /** Of these, those at another address: a fact about the layout that no proof bears. */
  readonly relocatedUnits: number;
  readonly bijectionSize: number;
}

/** What changed between two indexes, from certain to likely. A function of its inputs alone. @throws INDEXES_NOT_COMPARABLE */
export function compareIndexes(before: UnitIndex, after: UnitIndex): Delta {
  requireComparable(before, after);
  const differences = diffSets(before.set, after.set);
  const olds = differences.flatMap((d) => (d.old === undefined ? [] : [candidate(before, d.old)]));
  const news = differences.flatMap((d) => (d.new === undefined ? [] : [candidate(after, d.new)]));
  const matching = new Matching(olds, news);
  matchExact(matching);
  matchNeighbours(matching, before.sides, after.sides);
  matchRepeated(matching);
  matchNeighbours(matching, before.sides, after.sides);
  matchFuzzy(matching);

  const differing = new Set(olds.map(({ leaf }) => leaf.id));
  const identical = identicalSides(before, after, differing);
  const moved = matching.pairs.filter((pair) => pair.old.leaf.e1 === pair.new.leaf.e1 || hasSameCode(pair));
  const [single, lookalikes] = separateLookalikes(identical, before, after);
  const bijection = findBijection([...single, ...moved.map((pair) => [pair.old.side, pair.new.side] as const)], lookalikes);
  const conflicts = new Set(bijection.conflicts);
  const units: DeltaUnit[] = [
    ...matching.pairs.map((pair) => classified(pair, conflicts)),
    ...[...matching.old.values()].map((old) => ({ class: 'removed', match: 'none', old, new: null }) as const),
    ...[...matching.new.values()].map((next) => ({ class: 'added', match: 'none', old: null, new: next }) as const),
    ...identical.filter(([{ id }]) => conflicts.has(id)).map(([{ id }]) => contradicted(before, after, id)),
  ];
  units.sort((a, b) => compareUtf8(idOf(a), idOf(b)) || (a.old === null ? 1 : 0) - (b.old === null ? 1 : 0));
  return {
    units,
    identicalUnits: before.set.size - units.filter((unit) => unit.old !== null).length,
    relocatedUnits: identical.filter(([old, next]) => old.address !== next.address).length,
    bijectionSize: bijection.size,
  };
}

export function idOf(unit: { readonly old: Candidate | null; readonly new: Candidate | null }): string {
  return ((unit.old ?? unit.new) as Candidate).leaf.id;
}

function classified(pair: Pair, conflicts: ReadonlySet<string>): DeltaUnit {
  const found = classOf(pair, conflicts);
  const sameCode = found === 'reference-only' && pair.old.leaf.id === pair.new.leaf.id && hasSameCode(pair) && !conflicts.has(pair.old.leaf.id);
  return { ...pair, class: found, ...(sameCode && { sameCode }) };
}

function hasSameCode({ old, new: next }: Pair): boolean {
  return old.side.code !== undefined && old.side.code === next.side.code;
}

function classOf(pair: Pair, conflicts: ReadonlySet<string>): UnitClass {
  const allowed = classesOf(pair.old.leaf, pair.new.leaf, pair.match);
  if (allowed.includes('residual')) return conflicts.has(pair.old.leaf.id) ? 'residual' : (allowed[0] as UnitClass);
  const isSame = (member: 'shape' | 'skeleton'): boolean =>
    pair.old.side[member] !== undefined && pair.old.side[member] === pair.new.side[member];
  if (allowed.includes('reference-only') && isSame('shape')) return 'reference-only';
  if (allowed.includes('immediate-drift') && isSame('skeleton')) return 'immediate-drift';
  return allowed[0] as UnitClass;
}

/** Leaves are equal, and yet what they refer to is not the same thing. */
function contradicted(before: UnitIndex, after: UnitIndex, id: string): DeltaUnit {
  const at = (index: UnitIndex): Candidate => candidate(index, index.set.find(id) as number);
  return { class: 'residual', match: 'id', old: at(before), new: at(after) };
}

function identicalSides(before: UnitIndex, after: UnitIndex, differing: ReadonlySet<string>): (readonly [UnitSide, UnitSide])[] {
  const found: (readonly [UnitSide, UnitSide])[] = [];
  for (const [id, old] of before.sides) {
    const next = differing.has(id) ? undefined : after.sides.get(id);
    if (next !== undefined) found.push([old, next]);
  }
  return found;
}

function candidate(index: { readonly set: MerkleSet; readonly sides: ReadonlyMap<string, UnitSide> }, rank: number): Candidate {
  const leaf = index.set.leaf(rank);
  return { leaf, bytes: index.set.leafBytes(rank), side: index.sides.get(leaf.id) ?? { id: leaf.id } };
}
