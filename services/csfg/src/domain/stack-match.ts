import { align, type CorpusStatistics, type Decision, DEFAULT_THRESHOLDS, judge, type MatchLevel, type ScoredCandidate } from '@stella/stack-fingerprint';
import { incidentOf, type Stack } from './stack.js';

/** A known stack, held against another one. */
export interface StackMatch {
  readonly stackId: string;
  readonly incident: string | undefined;
  readonly verdict: Decision;
  /** 0 to 1,000,000. */
  readonly scorePpm: number;
  readonly level: MatchLevel;
}

/** Alignment scores are −1 to 1; what shares nothing has none. */
export function toPpm(score: number): number {
  return Math.round(Math.min(Math.max(score, 0), 1) * 1_000_000);
}

export function toMatch(scored: ScoredCandidate): StackMatch {
  const { traceId, incidentId, decision, score, level } = scored;
  return { stackId: traceId, incident: incidentId, verdict: decision, scorePpm: toPpm(score), level };
}

/** Holds two stacks against each other, whether an index would have brought them together or not. */
export function comparePair(stack: Stack, other: Stack, statistics: CorpusStatistics): ScoredCandidate {
  const alignment = align(stack.trace, other.trace, statistics);
  const incidentId = incidentOf(other);
  return {
    traceId: other.id,
    ...(incidentId !== undefined && { incidentId }),
    ...judge(stack, other, alignment, DEFAULT_THRESHOLDS),
    score: alignment.score,
    alignment,
    entry: { traceId: other.id, trace: other.trace, fingerprints: other.fingerprints },
  };
}
