import { DomainError } from '@stella/errors';
import { limits } from '../limits.js';
import { align, type Alignment, type CorpusStatistics } from './align.js';
import { DEFAULT_THRESHOLDS, judge, type Decision, type Judgement, type MatchThresholds, type Side } from './decide.js';
import type { IndexedTrace, TraceIndexPort } from './trace-index.js';

export interface ScoredCandidate extends Judgement {
  readonly traceId: string;
  readonly incidentId?: string;
  /** Alignment score, −1 to 1. */
  readonly score: number;
  readonly alignment: Alignment;
  readonly entry: IndexedTrace;
}

export interface MatchResult {
  readonly decision: Decision;
  /** Best first; without those judged `new`. */
  readonly candidates: readonly ScoredCandidate[];
  /** Candidates that were aligned. */
  readonly considered: number;
  /** The search was cut short: "new" may then be "not found in the budget". */
  readonly budgetSpent: boolean;
}

const RANK: Readonly<Record<Decision, number>> = { same: 2, related: 1, new: 0 };

/** Finds what is known about a trace: equal levels and shared terms give candidates, the alignment ranks them. */
export async function matchTrace(
  query: Side,
  index: TraceIndexPort,
  thresholds: MatchThresholds = DEFAULT_THRESHOLDS,
): Promise<MatchResult> {
  const { traces, budgetSpent } = await index.candidates({
    fingerprints: query.fingerprints,
    candidatesMax: limits.candidatesMax,
    postingsMax: limits.postingsMax,
  });
  const statistics = await readStatistics([query, ...traces], index);
  const scored = traces
    .map((entry) => score(query, entry, statistics, thresholds))
    .filter((candidate) => candidate.decision !== 'new')
    .sort((a, b) => RANK[b.decision] - RANK[a.decision] || b.score - a.score || (a.traceId < b.traceId ? -1 : 1));
  return { decision: scored[0]?.decision ?? 'new', candidates: scored, considered: traces.length, budgetSpent };
}

function score(
  query: Side,
  entry: IndexedTrace,
  statistics: CorpusStatistics,
  thresholds: MatchThresholds,
): ScoredCandidate {
  const [ours, theirs] = [query.fingerprints.normaliserVersion, entry.fingerprints.normaliserVersion];
  if (ours !== theirs) {
    throw new DomainError('NORMALISER_VERSION_MISMATCH', { traceId: entry.traceId, expected: ours, actual: theirs });
  }
  const alignment = align(query.trace, entry.trace, statistics);
  const judgement = judge(query, entry, alignment, thresholds);
  return {
    traceId: entry.traceId,
    ...(entry.incidentId !== undefined && { incidentId: entry.incidentId }),
    ...judgement,
    score: alignment.score,
    alignment,
    entry,
  };
}

async function readStatistics(sides: readonly Side[], index: TraceIndexPort): Promise<CorpusStatistics> {
  const keys = [...new Set(sides.flatMap((side) => side.trace.frames.flatMap((frame) => frame.key ?? [])))];
  const frequencies = await index.documentFrequencies(keys.map((key) => `f:${key}`));
  return { corpusSize: await index.size(), documents: new Map(keys.map((key, at) => [key, frequencies[at] ?? 0])) };
}
