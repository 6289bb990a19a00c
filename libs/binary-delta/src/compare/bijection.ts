import { compareUtf8 } from '../utf8-order.js';
import type { UnitSide } from './unit-index.js';

type Place = string;

export interface Bijection {
  /** Placeholders with a partner. */
  readonly size: number;
  /** Ids (old) of units that are equal only under a partner that the rest of the artifact contradicts, sorted. */
  readonly conflicts: readonly string[];
}

type Pair = readonly [UnitSide, UnitSide];

/** Units of one content that no id tells apart, on each side: which is which follows from who refers to them. */
export type Lookalikes = readonly [readonly UnitSide[], readonly UnitSide[]];

/**
 * One bijection for the whole artifact between the old and the new places that no stable id names.
 * Partners are taken by the number of units' references that speak for them, so that one wrong unit does not displace
 * what all others agree on; who speaks against the result is a conflict.
 * @param equals pairs of units that would be equal: their placeholders must correspond one to one, in order
 * @param lookalikes are paired by the places where they lie, as far as `equals` lead there, and else in their order
 */
export function findBijection(equals: Iterable<Pair>, lookalikes: Iterable<Lookalikes> = []): Bijection {
  const votes = new Votes();
  for (const pair of equals) votes.add(pair);
  const sure = votes.choose();
  for (const group of lookalikes) for (const pair of pairByPlace(group, sure)) votes.add(pair);
  const chosen = votes.choose();
  return { size: chosen.size, conflicts: votes.against(chosen).sort(compareUtf8) };
}

class Votes {
  readonly #votes = new Map<Place, Map<Place, number>>();
  readonly #holders: { readonly id: string; readonly olds: readonly Place[]; readonly news: readonly Place[] }[] = [];
  readonly #incomparable: string[] = [];

  add([old, next]: Pair): void {
    const olds = placesOf(old);
    const news = placesOf(next);
    if (olds.length === 0 && news.length === 0) return;
    if (olds.length !== news.length || old.writable?.length !== next.writable?.length) {
      this.#incomparable.push(old.id);
      return;
    }
    this.#holders.push({ id: old.id, olds, news });
    olds.forEach((place, i) => {
      const row = this.#votes.get(place) ?? new Map<Place, number>();
      row.set(news[i] as Place, (row.get(news[i] as Place) ?? 0) + 1);
      this.#votes.set(place, row);
    });
  }

  choose(): Map<Place, Place> {
    return choose(this.#votes);
  }

  against(chosen: ReadonlyMap<Place, Place>): string[] {
    const against = this.#holders.filter(({ olds, news }) => olds.some((place, i) => chosen.get(place) !== news[i]));
    return [...this.#incomparable, ...against.map(({ id }) => id)];
  }
}

function pairByPlace([olds, news]: Lookalikes, chosen: ReadonlyMap<Place, Place>): Pair[] {
  const byAddress = new Map(news.map((next) => [next.address, next]));
  const pairs: Pair[] = [];
  const rest: UnitSide[] = [];
  for (const old of olds) {
    const place = old.address === undefined ? undefined : chosen.get(old.address);
    const next = place === undefined ? undefined : byAddress.get(place);
    if (next === undefined) {
      // Nobody who is the same leads here, or he leads to something else now, which is listed.
      if (place === undefined) rest.push(old);
      continue;
    }
    byAddress.delete(place);
    pairs.push([old, next]);
  }
  const others = [...byAddress.values()];
  rest.slice(0, others.length).forEach((old, k) => pairs.push([old, others[k] as UnitSide]));
  return pairs;
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
