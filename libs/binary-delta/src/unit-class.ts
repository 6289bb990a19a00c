import type { Leaf } from './leaf.js';

/**
 * What became of a unit:
 * - `moved`: the same normal form under another id, or with another encoding (size);
 * - `reference-only`: the same code, other units referred to;
 * - `immediate-drift`: the same code and references, other constants;
 * - `semantic`: any other change of a function;
 * - `data-only`, `metadata`, `header`: a change of data, of tables that hold no meaning, of the file's own structure;
 * - `residual`: could not be shown equal, which never counts as unchanged.
 * A unit that is not listed is identical (it may lie at another address).
 */
export const UNIT_CLASSES = [
  'moved',
  'reference-only',
  'immediate-drift',
  'semantic',
  'data-only',
  'metadata',
  'header',
  'residual',
  'added',
  'removed',
] as const;
export type UnitClass = (typeof UNIT_CLASSES)[number];

/** How two units came to be one pair, from certain to likely. The last two propose and never prove. */
export const MATCHES = ['id', 'name', 'e2', 'e1', 'neighbours', 'fuzzy', 'none'] as const;
export type Match = (typeof MATCHES)[number];


/**
 * The classes that a pair of leaves allows. The first follows from the leaves alone; the others are declared by who made
 * the delta, and hold only as far as he is trusted.
 */
export function classesOf(old: Leaf | null, next: Leaf | null, match: Match): readonly UnitClass[] {
  if (old === null) return next === null ? [] : ['added'];
  if (next === null) return ['removed'];
  if (old.kind === 'residual' || next.kind === 'residual') return ['residual'];
  if (old.kind !== next.kind) return ['semantic'];
  const sameReferences = sameList(old.refs, next.refs);
  if (old.e1 === next.e1 && sameReferences) {
    // Identical leaves are listed only where the artifact-wide bijection of writable data does not hold.
    if (old.id === next.id && old.size === next.size && old.residual === next.residual && old.name === next.name) return ['residual'];
    return old.residual === 0 && next.residual === 0 ? ['moved', 'residual'] : ['residual'];
  }
  if (old.kind !== 'function') return [old.kind === 'padding' ? 'metadata' : old.kind === 'data' ? 'data-only' : old.kind];
  if (match === 'neighbours' || match === 'fuzzy' || old.residual + next.residual > 0) return ['semantic'];
  return sameReferences ? ['semantic', 'immediate-drift'] : ['semantic', 'reference-only'];
}

/** Whether a pair's own leaves bear out how it is said to have been matched. */
export function matchHolds(old: Leaf | null, next: Leaf | null, match: Match): boolean {
  if (old === null || next === null) return match === 'none';
  switch (match) {
    case 'id':
      return old.id === next.id;
    case 'name':
      return old.name === next.name && old.name !== '' && old.kind === next.kind;
    case 'e1':
      return old.e1 === next.e1;
    case 'none':
      return false;
    default:
      return old.kind === next.kind;
  }
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
