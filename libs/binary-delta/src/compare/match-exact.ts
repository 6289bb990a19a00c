import { type Candidate, grouped, type Matching } from './candidates.js';

const nameKey = ({ leaf }: Candidate): string | undefined => (leaf.name === '' ? undefined : `${leaf.kind} ${leaf.name}`);

const e1Key = ({ leaf }: Candidate): string => `${leaf.kind} ${leaf.e1}`;

/** The certain stages: id, name, E2, and E1 where only one unit on each side has it. */
export function matchExact(matching: Matching): void {
  matchCrowdedNames(matching);
  for (const old of [...matching.old.values()]) {
    const next = matching.new.get(old.leaf.id);
    if (next !== undefined) matching.pair(old, next, 'id');
  }
  matching.pairBy(uniqueName(matching), 'name');
  matching.pairBy(({ leaf, side }) => side.e2 && `${leaf.kind} ${side.e2}`, 'e2');
  matching.pairBy(e1Key, 'e1', 1);
}

/** Several units of one normal form: after their neighbours had a say, in the order of their addresses. */
export function matchRepeated(matching: Matching): void {
  matching.pairBy(e1Key, 'e1');
}

/**
 * Where several functions print as one name (generic instantiations), an id carries an ordinal that may shift when one of
 * them changes: inside such a group the content decides before the id does.
 */
function matchCrowdedNames(matching: Matching): void {
  const olds = grouped(matching.old.values(), nameKey);
  const news = grouped(matching.new.values(), nameKey);
  for (const [name, group] of olds) {
    const others = news.get(name) ?? [];
    if (group.length < 2 && others.length < 2) continue;
    const byE1 = grouped(others, ({ leaf }) => leaf.e1);
    for (const old of group) {
      if (matching.new.get(old.leaf.id)?.leaf.e1 === old.leaf.e1) continue;
      const next = byE1.get(old.leaf.e1)?.find((other) => matching.new.has(other.leaf.id));
      if (next !== undefined) matching.pair(old, next, 'e1');
    }
  }
}

/** A name that only one unmatched unit on each side bears. */
function uniqueName(matching: Matching): (candidate: Candidate) => string | undefined {
  const counts = new Map<string, number>();
  for (const side of [matching.old, matching.new]) {
    for (const [name, group] of grouped(side.values(), nameKey)) {
      counts.set(name, Math.max(counts.get(name) ?? 0, group.length));
    }
  }
  return (candidate) => {
    const name = nameKey(candidate);
    return name !== undefined && counts.get(name) === 1 ? name : undefined;
  };
}
