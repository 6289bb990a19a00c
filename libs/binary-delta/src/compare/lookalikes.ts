import type { Lookalikes } from './bijection.js';
import { grouped } from './candidates.js';
import type { UnitIndex, UnitSide } from './unit-index.js';

type Pair = readonly [UnitSide, UnitSide];

/** Units of one content share an id up to an ordinal, which follows their addresses and says nothing of who is who. */
const ORDINAL = /~\d+$/;

/**
 * Takes from the pairs of one id those that stand for one of several: with their whole groups, listed members too.
 * Only units that lead somewhere by a placeholder matter; in all others one is as good as another.
 */
export function separateLookalikes(identical: readonly Pair[], before: UnitIndex, after: UnitIndex): [Pair[], Lookalikes[]] {
  const olds = groups(before);
  const news = groups(after);
  const isLookalike = ({ id }: UnitSide): boolean => olds.has(baseOf(id)) || news.has(baseOf(id));
  const single = identical.filter(([old]) => !isLookalike(old));
  const bases = [...new Set([...olds.keys(), ...news.keys()])];
  return [single, bases.map((base) => [membersOf(base, olds, before), membersOf(base, news, after)])];
}

function baseOf(id: string): string {
  return id.startsWith('var#') ? id.replace(ORDINAL, '') : id;
}

/** Variables with placeholders of which there are several. */
function groups({ sides }: UnitIndex): Map<string, UnitSide[]> {
  const found = grouped([...sides.values()].filter(leads), ({ id }) => (ORDINAL.test(id) && id.startsWith('var#') ? baseOf(id) : undefined));
  for (const [base, members] of found) {
    const first = sides.get(base);
    if (first !== undefined) members.unshift(first);
  }
  return found;
}

function membersOf(base: string, found: ReadonlyMap<string, readonly UnitSide[]>, { sides }: UnitIndex): readonly UnitSide[] {
  const members = found.get(base) ?? [sides.get(base)].filter((side) => side !== undefined);
  return [...members].sort((a, b) => Number(a.address ?? 0) - Number(b.address ?? 0));
}

function leads({ writable = [], unnamed = [] }: UnitSide): boolean {
  return writable.length + unnamed.length > 0;
}
