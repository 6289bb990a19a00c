import type { Category, NormalisedFrame, NormalisedTrace } from '../model/normalised-trace.js';
import type { ScoredCandidate } from './match.js';

/** One row of an explanation; a frame of only one side stands alone. */
export interface ExplainedFrame {
  readonly query?: ExplainedSide;
  readonly candidate?: ExplainedSide;
  readonly relation: 'matched' | 'moved' | 'query-only' | 'candidate-only' | 'no-weight';
  /** What the row adds to the score (or takes from it), −1 to 1; the rows sum up to the score. */
  readonly contribution: number;
}

export interface ExplainedSide {
  readonly index: number;
  readonly name: string;
  readonly place?: string;
  readonly category: Category;
  readonly weight: number;
  readonly repeated: number;
  readonly rules: readonly string[];
}

export interface Explanation {
  readonly decision: ScoredCandidate['decision'];
  readonly level: ScoredCandidate['level'];
  readonly ground: ScoredCandidate['ground'];
  readonly score: number;
  readonly failure: { readonly query: string; readonly candidate: string };
  /** By the query's frames, then what only the candidate has. */
  readonly frames: readonly ExplainedFrame[];
}

/** Explains one scored candidate frame by frame. */
export function explain(query: NormalisedTrace, scored: ScoredCandidate): Explanation {
  const { alignment, entry } = scored;
  const candidate = entry.trace;
  const total = sum(alignment.queryWeights) + sum(alignment.candidateWeights);
  const share = (weight: number): number => (total === 0 ? 0 : weight / total);
  const byQuery = new Map(alignment.pairs.map((pair) => [pair.query, pair]));
  const paired = new Set(alignment.pairs.map((pair) => pair.candidate));

  const rows = query.frames.map((frame, index): ExplainedFrame => {
    const weight = alignment.queryWeights[index] ?? 0;
    const own = side(frame, index, weight);
    const pair = byQuery.get(index);
    const other = pair && candidate.frames[pair.candidate];
    if (!pair || !other) return { query: own, relation: weight === 0 ? 'no-weight' : 'query-only', contribution: -share(weight) };
    return {
      query: own,
      candidate: side(other, pair.candidate, alignment.candidateWeights[pair.candidate] ?? 0),
      relation: pair.kept === 1 ? 'matched' : 'moved',
      contribution: share(pair.weight * pair.kept),
    };
  });
  const rest = candidate.frames.flatMap((frame, index): ExplainedFrame[] => {
    if (paired.has(index)) return [];
    const weight = alignment.candidateWeights[index] ?? 0;
    const relation = weight === 0 ? 'no-weight' : 'candidate-only';
    return [{ candidate: side(frame, index, weight), relation, contribution: -share(weight) }];
  });
  return {
    decision: scored.decision,
    level: scored.level,
    ground: scored.ground,
    score: scored.score,
    failure: { query: failureText(query), candidate: failureText(candidate) },
    frames: [...rows, ...rest],
  };
}

function side(frame: NormalisedFrame, index: number, weight: number): ExplainedSide {
  return {
    index,
    name: frame.key ?? `${frame.module ?? '?'}+${frame.moduleOffset ?? '?'}`,
    ...(frame.file !== undefined && { place: `${frame.file}:${frame.line ?? '?'}` }),
    category: frame.category,
    weight,
    repeated: frame.repeated,
    rules: frame.rules,
  };
}

function failureText({ failure }: NormalisedTrace): string {
  return [failure.kind, failure.type, failure.messageTemplate].filter((part) => part).join(': ');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
