import type { Leaf } from '../leaf.js';
import { type Sums, subtractSums, sumsOfLeaf } from '../merkle/sums.js';
import { UNIT_CLASSES, type UnitClass } from '../unit-class.js';

export function unitCounts(units: Iterable<{ readonly class: UnitClass }>): Record<UnitClass, number> {
  const counts = Object.fromEntries(UNIT_CLASSES.map((name) => [name, 0])) as Record<UnitClass, number>;
  for (const unit of units) counts[unit.class]++;
  return counts;
}

/** What is left of a tree's sums when its listed units are taken out. */
export function unlistedSums(total: Sums, listed: Iterable<Leaf>): Sums {
  let rest = total;
  for (const leaf of listed) rest = subtractSums(rest, sumsOfLeaf(leaf));
  return rest;
}
