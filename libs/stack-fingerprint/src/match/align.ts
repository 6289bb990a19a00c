import type { NormalisedFrame, NormalisedTrace } from '../model/normalised-trace.js';
import { alignmentParameters, globalWeight, localWeight } from './weights.js';

/** How often each function is in the corpus, and how large that is. */
export interface CorpusStatistics {
  readonly corpusSize: number;
  readonly documents: ReadonlyMap<string, number>;
}

/** One function of both stacks, by indexes into their frames. */
export interface AlignedPair {
  readonly query: number;
  readonly candidate: number;
  readonly weight: number;
  /** Share of the pair's weight that its difference in position left, 0 to 1. */
  readonly kept: number;
}

export interface Alignment {
  /** −1 (nothing shared) to 1 (the same frames at the same places). */
  readonly score: number;
  readonly pairs: readonly AlignedPair[];
  /** Weight of each frame, by its index; 0 for what takes no part. */
  readonly queryWeights: readonly number[];
  readonly candidateWeights: readonly number[];
}

interface Placed {
  readonly index: number;
  readonly position: number;
  readonly weight: number;
}

/**
 * Aligns two stacks in linear time: the k-th occurrences of each function are paired (FaST: Fast Alignment of Stack
 * Traces, Rodrigues et al., 2022), with the category's weight as a factor. Unnamed frames pair only by build id and
 * offset.
 */
export function align(query: NormalisedTrace, candidate: NormalisedTrace, statistics: CorpusStatistics): Alignment {
  const a = place(query.frames, statistics);
  const b = place(candidate.frames, statistics);
  const pairs: AlignedPair[] = [];
  let similarity = 0;
  let matched = 0;
  for (const [identity, ours] of a.byIdentity) {
    const theirs = b.byIdentity.get(identity) ?? [];
    for (let k = 0; k < Math.min(ours.length, theirs.length); k++) {
      const [one, other] = [ours[k] as Placed, theirs[k] as Placed];
      const weight = one.weight + other.weight;
      const kept = Math.exp(-alignmentParameters.gamma * Math.abs(one.position - other.position));
      matched += weight;
      similarity += weight * kept;
      pairs.push({ query: one.index, candidate: other.index, weight, kept });
    }
  }
  const total = a.total + b.total;
  const score = total === 0 ? -1 : (similarity - (total - matched)) / total;
  return { score, pairs, queryWeights: a.weights, candidateWeights: b.weights };
}

function place(frames: readonly NormalisedFrame[], { corpusSize, documents }: CorpusStatistics) {
  const byIdentity = new Map<string, Placed[]>();
  const weights = frames.map(() => 0);
  let total = 0;
  let position = 0;
  frames.forEach((frame, index) => {
    if (frame.weight === 0) return;
    const identity = frame.key ?? `${frame.gnuBuildId ?? '?'}+${frame.moduleOffset ?? index}`;
    const rarity = globalWeight(documents.get(identity) ?? 0, corpusSize);
    const weight = localWeight(position) * rarity * frame.weight;
    const placed = { index, position, weight };
    position++;
    weights[index] = weight;
    total += weight;
    const list = byIdentity.get(identity);
    if (list) list.push(placed);
    else byIdentity.set(identity, [placed]);
  });
  return { byIdentity, weights, total };
}
