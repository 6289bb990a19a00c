import type { BuildView } from '../delta/delta-view.js';
import { spellings } from './covers.js';
import type { Pattern } from './pattern.js';

const PPM = 1_000_000;

/** A share in parts per million, rounded up: a claim is never called narrower than it is. */
export function sharePpm(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.min(PPM, Math.ceil((part * PPM) / whole));
}

/** How much of the baseline `changes` claims speak of, whatever changed in it. */
export interface Breadth {
  /** Of each pattern, in its order: share of the baseline's functions that it covers. */
  readonly eachPpm: readonly number[];
  /** Share that at least one covers: many narrow claims are as broad as one that joins them. */
  readonly unionPpm: number;
}

/** @param functions names of all functions of the baseline. */
export function breadthOf(patterns: readonly Pattern[], functions: readonly string[], build: BuildView): Breadth {
  const counts = patterns.map(() => 0);
  let union = 0;
  for (const name of patterns.length === 0 ? [] : functions) {
    const names = name === '' ? [] : spellings(name, build);
    let any = false;
    patterns.forEach((pattern, index) => {
      if (!names.some((spelling) => pattern.matches(spelling))) return;
      counts[index] = (counts[index] ?? 0) + 1;
      any = true;
    });
    if (any) union += 1;
  }
  return { eachPpm: counts.map((count) => sharePpm(count, functions.length)), unionPpm: sharePpm(union, functions.length) };
}
