import type { Leaf } from '../leaf.js';
import type { Match } from '../unit-class.js';
import { compareUtf8 } from '../utf8-order.js';
import type { UnitSide } from './unit-index.js';

/** A unit that is not the same in both artifacts. */
export interface Candidate {
  readonly leaf: Leaf;
  readonly bytes: Buffer;
  readonly side: UnitSide;
}

export interface Pair {
  readonly old: Candidate;
  readonly new: Candidate;
  readonly match: Match;
}

/** What is still unmatched on each side, and the pairs so far. Every walk is in id order, so that a delta is a function of its inputs. */
export class Matching {
  readonly pairs: Pair[] = [];
  readonly old: Map<string, Candidate>;
  readonly new: Map<string, Candidate>;

  constructor(olds: readonly Candidate[], news: readonly Candidate[]) {
    this.old = byId(olds);
    this.new = byId(news);
  }

  pair(old: Candidate, next: Candidate, match: Match): void {
    this.old.delete(old.leaf.id);
    this.new.delete(next.leaf.id);
    this.pairs.push({ old, new: next, match });
  }

  /**
   * Pairs, k to k in address order, what has the same property on both sides as often: compilers keep the order of what
   * they emit. Undefined properties match nothing.
   */
  pairBy(property: (candidate: Candidate) => string | undefined, match: Match, groupMax = Infinity): void {
    const olds = grouped(this.old.values(), property);
    const news = grouped(this.new.values(), property);
    for (const [value, group] of olds) {
      const others = news.get(value);
      if (others?.length !== group.length || group.length > groupMax) continue;
      group.sort(compareAddresses);
      others.sort(compareAddresses);
      group.forEach((old, k) => this.pair(old, others[k] as Candidate, match));
    }
  }
}

export function grouped<T>(values: Iterable<T>, property: (value: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = property(value);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

/** Addresses are `0x` and hex without leading zeros; equal or missing ones fall back to the id. */
function compareAddresses(a: Candidate, b: Candidate): number {
  const [x = '', y = ''] = [a.side.address, b.side.address];
  return x.length - y.length || compareUtf8(x, y) || compareUtf8(a.leaf.id, b.leaf.id);
}

function byId(candidates: readonly Candidate[]): Map<string, Candidate> {
  const sorted = [...candidates].sort((a, b) => compareUtf8(a.leaf.id, b.leaf.id));
  return new Map(sorted.map((candidate) => [candidate.leaf.id, candidate]));
}
