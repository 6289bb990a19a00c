import { compareUtf8 } from '../utf8-order.js';
import type { UnitSide } from './unit-index.js';

type Place = string;

export interface Bijection {
  /** Placeholders with a partner. */
  readonly size: number;
  /** Ids (old) of units that are equal only under a partner that the rest of the artifact contradicts, sorted. */
  readonly conflicts: readonly string[];
}

/**
 * One bijection for the whole artifact between the old and the new places that no stable id names.
 * Partners are taken by the number of units' references that speak for them, so that one wrong unit does not displace
 * what all others agree on; who speaks against the result is a conflict.
 * @param equals pairs of units that would be equal: their placeholders must correspond one to one, in order
 */
export function findBijection(equals: Iterable<readonly [UnitSide, UnitSide]>): Bijection {
  const votes = new Map<Place, Map<Place, number>>();
  const holders: { readonly id: string; readonly olds: readonly Place[]; readonly news: readonly Place[] }[] = [];
  const conflicts: string[] = [];
  for (const [old, next] of equals) {
    const olds = placesOf(old);
    const news = placesOf(next);
    if (olds.length === 0 && news.length === 0) continue;
    if (olds.length !== news.length || old.writable?.length !== next.writable?.length) {
      conflicts.push(old.id);
      continue;
    }
    holders.push({ id: old.id, olds, news });
    olds.forEach((place, i) => {
      const row = votes.get(place) ?? new Map<Place, number>();
      row.set(news[i] as Place, (row.get(news[i] as Place) ?? 0) + 1);
      votes.set(place, row);
    });
  }
  const chosen = choose(votes);
  for (const { id, olds, news } of holders) {
    if (olds.some((place, i) => chosen.get(place) !== news[i])) conflicts.push(id);
  }
  return { size: chosen.size, conflicts: conflicts.sort(compareUtf8) };
}

function choose(votes: ReadonlyMap<Place, ReadonlyMap<Place, number>>): Map<Place, Place> {
  const chosen = new Map<Place, Place>();
  const taken = new Set<Place>();
  const proposals: (readonly [Place, Place, number])[] = [];
  for (const [old, row] of votes) for (const [next, n] of row) proposals.push([old, next, n]);
  proposals.sort((a, b) => b[2] - a[2] || compareUtf8(a[0], b[0]) || compareUtf8(a[1], b[1]));
  for (const [old, next] of proposals) {
    if (chosen.has(old) || taken.has(next)) continue;
    chosen.set(old, next);
    taken.add(next);
  }
  return chosen;
}

function placesOf({ writable, unnamed }: UnitSide): readonly Place[] {
  if (unnamed === undefined) return writable ?? [];
  return writable === undefined ? unnamed : [...writable, ...unnamed];
}
