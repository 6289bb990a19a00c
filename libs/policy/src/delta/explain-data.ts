import type { ChangedUnit, DeltaView, UnitSide } from './delta-view.js';

type Side = 'baseline' | 'candidate';

/** Why a data unit is not explained by who refers to it. */
export type DataProblem = 'NOT_REFERRED_TO' | 'REFERRED_TO_BY_UNEXPLAINED' | 'REFERRED_TO_BY_UNCHANGED' | 'REFERRERS_UNKNOWN';

export interface DataExplanation {
  /** Of each data unit that is explained: indexes of the claims behind it. */
  readonly claims: ReadonlyMap<ChangedUnit, readonly number[]>;
  readonly problems: ReadonlyMap<ChangedUnit, DataProblem>;
}

/**
 * A new, removed or exchanged data unit is explained when, on each side where it exists, an explained unit reaches it and
 * no unexplained one does: then what it means is part of what the claims speak of. A unit that kept its id and changed its
 * content is seen by unchanged code too, so nobody unlisted may refer to it; nor may a function that is listed only
 * because the variable changed, for its code is unchanged, too.
 *
 * @param explained functions (and data claimed by name) with the indexes of their claims
 * @param unexplained changed functions and other units that no claim covers
 * @param data the units in question
 * @param unchanged functions of the same code that no claim covers
 */
export function explainData(
  view: DeltaView,
  data: readonly ChangedUnit[],
  explained: ReadonlyMap<ChangedUnit, readonly number[]>,
  unexplained: readonly ChangedUnit[],
  unchanged: readonly ChangedUnit[] = [],
): DataExplanation {
  const blocked = new Map<ChangedUnit, DataProblem>();
  for (const unit of data) {
    const problem = inPlaceProblem(unit, view);
    if (problem !== undefined) blocked.set(unit, problem);
  }
  const free = data.filter((unit) => !blocked.has(unit));
  const roots = [...unexplained, ...blocked.keys()];
  const tainted = { baseline: reach('baseline', roots, free), candidate: reach('candidate', roots, free) };
  const seen = { baseline: reach('baseline', unchanged, free), candidate: reach('candidate', unchanged, free) };
  const reached = { baseline: reachWithClaims('baseline', explained, free), candidate: reachWithClaims('candidate', explained, free) };
  const claims = new Map<ChangedUnit, readonly number[]>();
  const problems = new Map(blocked);
  for (const unit of free) {
    const sides = (['baseline', 'candidate'] as const).filter((side) => unit[side] !== undefined);
    if (sides.some((side) => tainted[side].has(unit))) problems.set(unit, 'REFERRED_TO_BY_UNEXPLAINED');
    else if (sides.some((side) => seen[side].has(unit))) problems.set(unit, 'REFERRED_TO_BY_UNCHANGED');
    else if (sides.some((side) => !reached[side].has(unit))) problems.set(unit, 'NOT_REFERRED_TO');
    else claims.set(unit, [...new Set(sides.flatMap((side) => [...(reached[side].get(unit) ?? [])]))].sort((a, b) => a - b));
  }
  return { claims, problems };
}

function inPlaceProblem(unit: ChangedUnit, view: DeltaView): DataProblem | undefined {
  const { baseline, candidate } = unit;
  if (baseline === undefined || candidate === undefined || baseline.id !== candidate.id) return undefined;
  // References say which content, not which of those that are alike.
  const unlisted = sharedId(baseline.id) === baseline.id ? view.unlistedReferrers?.get(baseline.id) : undefined;
  if (unlisted === undefined) return 'REFERRERS_UNKNOWN';
  return unlisted > 0 ? 'REFERRED_TO_BY_UNCHANGED' : undefined;
}

/**
 * Units of one content have one id up to an ordinal, and references give the id without it. Whoever refers to one of them
 * that came or went is listed, as its content is part of his leaf: what holds of the listed referrers holds of them all.
 */
function sharedId(id: string): string {
  return /^((?:var|data)#[0-9a-f]{32})~\d+$/.exec(id)?.[1] ?? id;
}

function bySharedId(side: Side, units: readonly ChangedUnit[]): Map<string, ChangedUnit[]> {
  const index = new Map<string, ChangedUnit[]>();
  for (const unit of units) {
    if (unit[side] === undefined) continue;
    const id = sharedId(unit[side].id);
    const others = index.get(id);
    if (others === undefined) index.set(id, [unit]);
    else others.push(unit);
  }
  return index;
}

function reach(side: Side, roots: readonly ChangedUnit[], data: readonly ChangedUnit[]): ReadonlySet<ChangedUnit> {
  const index = bySharedId(side, data);
  const seen = new Set<ChangedUnit>();
  const pending: (UnitSide | undefined)[] = roots.map((root) => root[side]);
  for (let next = pending.pop(); pending.length > 0 || next !== undefined; next = pending.pop()) {
    for (const unit of (next?.refs ?? []).flatMap((ref) => index.get(ref) ?? [])) {
      if (seen.has(unit)) continue;
      seen.add(unit);
      pending.push(unit[side]);
    }
  }
  return seen;
}

function reachWithClaims(
  side: Side,
  explained: ReadonlyMap<ChangedUnit, readonly number[]>,
  data: readonly ChangedUnit[],
): ReadonlyMap<ChangedUnit, ReadonlySet<number>> {
  const byClaim = new Map<number, ChangedUnit[]>();
  for (const [unit, claims] of explained) {
    for (const claim of claims) {
      const roots = byClaim.get(claim) ?? [];
      if (roots.length === 0) byClaim.set(claim, roots);
      roots.push(unit);
    }
  }
  const found = new Map<ChangedUnit, Set<number>>();
  for (const [claim, roots] of byClaim) {
    for (const unit of reach(side, roots, data)) found.set(unit, (found.get(unit) ?? new Set()).add(claim));
  }
  return found;
}
