import type { ChangedUnit } from './delta-view.js';

/**
 * Tables that hold no more than who belongs to them: the list of types, of interface tables, and what a package's
 * initialisation comes after. Their normal form says what else would be in them.
 */
export function isIndex(unit: ChangedUnit): boolean {
  const id = unit.baseline?.id;
  if (unit.kind !== 'metadata' || id === undefined || id !== unit.candidate?.id) return false;
  return unit.sameContent === true && (id === 'go:typelink' || id === 'go:itablink' || id.startsWith('go:inittask:'));
}

/**
 * Of units that differ in nothing but who they refer to, those for which every reference that came or went leads to a
 * changed unit that is explained: indexes, and functions of the same code. An unchanged unit that somebody ceased or
 * began to refer to explains nothing.
 *
 * The least fixed point: units that only explain each other stay unexplained.
 * @param explained what claims cover, and what follows from that
 */
export function followReferences(candidates: readonly ChangedUnit[], changed: readonly ChangedUnit[], explained: ReadonlySet<ChangedUnit>): ReadonlySet<ChangedUnit> {
  const byId = { baseline: index(changed, 'baseline'), candidate: index(changed, 'candidate') };
  const found = new Set<ChangedUnit>();
  const isExplained = (unit: ChangedUnit | undefined): boolean => unit !== undefined && (explained.has(unit) || found.has(unit));
  let pending = [...candidates];
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    pending = pending.filter((unit) => {
      const old = unit.baseline?.refs ?? [];
      const next = unit.candidate?.refs ?? [];
      const gone = without(old, next).every((id) => isExplained(byId.baseline.get(id)));
      const follows = gone && without(next, old).every((id) => isExplained(byId.candidate.get(id)));
      if (follows) found.add(unit);
      return !follows;
    });
  }
  return found;
}

function index(units: readonly ChangedUnit[], side: 'baseline' | 'candidate'): ReadonlyMap<string, ChangedUnit> {
  return new Map(units.flatMap((unit) => (unit[side] === undefined ? [] : [[unit[side].id, unit] as const])));
}

function without(refs: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  return refs.filter((ref) => !known.has(ref));
}
