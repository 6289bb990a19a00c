import { LIMITS } from '../limits.js';
import { type Candidate, grouped, type Matching } from './candidates.js';
import type { UnitSide } from './unit-index.js';

/** Bands of four positions: two sets of similarity 0.5 meet in one of eight with 40 %, of 0.8 with 99 %. */
const ROWS_PER_BAND = 4;
const SIMILARITY_MIN = 0.5;
/** A neighbour on the call graph is evidence of its own, so that less likeness is asked. */
const NEIGHBOUR_SIMILARITY_MIN = 0.25;

type Sides = ReadonlyMap<string, UnitSide>;

/**
 * Pairs functions whose matched callers or callees leave exactly one candidate on each side.
 * Rounds go on while a round finds something, at most neighbourRoundsMax.
 */
export function matchNeighbours(matching: Matching, before: Sides, after: Sides): void {
  if (!hasFunctions(matching.old) || !hasFunctions(matching.new)) return;
  const graphs = [callGraph(before), callGraph(after)] as const;
  for (let round = 0; round < LIMITS.neighbourRoundsMax; round++) {
    const newOfOld = new Map(matching.pairs.map((pair) => [pair.old.leaf.id, pair.new.leaf.id]));
    const votes = new Map<string, Set<string>>();
    const votesBack = new Map<string, Set<string>>();
    for (const direction of ['callers', 'callees'] as const) {
      const opposite = direction === 'callers' ? 'callees' : 'callers';
      const seen = new Set<string>();
      for (const old of matching.old.values()) {
        for (const neighbour of graphs[0][direction].get(old.leaf.id) ?? []) {
          if (matching.old.has(neighbour) || seen.has(neighbour)) continue;
          seen.add(neighbour);
          const twin = newOfOld.get(neighbour) ?? neighbour;
          const olds = (graphs[0][opposite].get(neighbour) ?? []).filter((id) => matching.old.has(id));
          const news = (graphs[1][opposite].get(twin) ?? []).filter((id) => matching.new.has(id));
          if (olds.length === 1 && news.length === 1) vote(votes, votesBack, olds[0] as string, news[0] as string);
        }
      }
    }
    if (takeUnanimous(matching, votes, votesBack) === 0) return;
  }
}

function vote(votes: Map<string, Set<string>>, back: Map<string, Set<string>>, old: string, next: string): void {
  votes.set(old, (votes.get(old) ?? new Set()).add(next));
  back.set(next, (back.get(next) ?? new Set()).add(old));
}

function takeUnanimous(matching: Matching, votes: Map<string, Set<string>>, back: Map<string, Set<string>>): number {
  let taken = 0;
  for (const [oldId, choices] of votes) {
    const [newId] = choices;
    const old = matching.old.get(oldId);
    const next = newId === undefined ? undefined : matching.new.get(newId);
    if (old === undefined || next === undefined || choices.size !== 1 || back.get(next.leaf.id)?.size !== 1) continue;
    if (old.leaf.kind !== 'function' || next.leaf.kind !== 'function') continue;
    if (similarity(old.side, next.side) < NEIGHBOUR_SIMILARITY_MIN) continue;
    matching.pair(old, next, 'neighbours');
    taken++;
  }
  return taken;
}

/** Pairs functions that share a band of their MinHash, the most alike first; fuller buckets than the cap are left alone. */
export function matchFuzzy(matching: Matching): void {
  const proposals: { readonly old: Candidate; readonly new: Candidate; readonly score: number }[] = [];
  const seen = new Set<string>();
  const olds = buckets(matching.old);
  const news = buckets(matching.new);
  for (const [band, group] of olds) {
    const others = news.get(band);
    if (others === undefined || group.length > LIMITS.fuzzyBucketMax || others.length > LIMITS.fuzzyBucketMax) continue;
    for (const { candidate: old } of group) {
      for (const { candidate: next } of others) {
        const key = JSON.stringify([old.leaf.id, next.leaf.id]);
        if (seen.has(key)) continue;
        seen.add(key);
        const score = similarity(old.side, next.side);
        if (score >= SIMILARITY_MIN) proposals.push({ old, new: next, score });
      }
    }
  }
  // Sorting is stable and the proposals come in id order: ties are settled by id.
  proposals.sort((a, b) => b.score - a.score);
  for (const { old, new: next } of proposals) {
    if (matching.old.has(old.leaf.id) && matching.new.has(next.leaf.id)) matching.pair(old, next, 'fuzzy');
  }
}

function buckets(side: ReadonlyMap<string, Candidate>): Map<string, { readonly candidate: Candidate; readonly band: string }[]> {
  const entries = [...side.values()]
    .filter((candidate) => candidate.leaf.kind === 'function')
    .flatMap((candidate) => bands(candidate.side).map((band) => ({ candidate, band })));
  return grouped(entries, (entry) => entry.band);
}

function bands({ minHash = [] }: UnitSide): string[] {
  const found: string[] = [];
  for (let at = 0; at + ROWS_PER_BAND <= minHash.length; at += ROWS_PER_BAND) {
    found.push(`${at}:${minHash.slice(at, at + ROWS_PER_BAND).join(',')}`);
  }
  return found;
}

/** Share of equal MinHash positions; for functions too short to have one, whether they are as long as each other. */
function similarity(old: UnitSide, next: UnitSide): number {
  const [a, b] = [old.minHash, next.minHash];
  if (a === undefined || b === undefined || a.length !== b.length || a.length === 0) {
    return a === undefined && b === undefined && old.instructions === next.instructions ? 1 : 0;
  }
  return a.filter((value, i) => value === b[i]).length / a.length;
}

interface CallGraph {
  readonly callers: ReadonlyMap<string, readonly string[]>;
  readonly callees: ReadonlyMap<string, readonly string[]>;
}

function callGraph(sides: Sides): CallGraph {
  const callers = new Map<string, string[]>();
  const callees = new Map<string, readonly string[]>();
  for (const { id, calls = [] } of sides.values()) {
    const distinct = [...new Set(calls)];
    callees.set(id, distinct);
    for (const callee of distinct) {
      const known = callers.get(callee);
      if (known === undefined) callers.set(callee, [id]);
      else known.push(id);
    }
  }
  return { callers, callees };
}

function hasFunctions(side: ReadonlyMap<string, Candidate>): boolean {
  for (const { leaf } of side.values()) if (leaf.kind === 'function') return true;
  return false;
}
