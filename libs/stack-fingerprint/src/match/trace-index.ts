import type { Fingerprints } from '../fingerprint.js';
import type { NormalisedTrace } from '../model/normalised-trace.js';

/** One trace that others are compared with. */
export interface IndexedTrace {
  readonly traceId: string;
  /** Absent until somebody, or a match, says which incident the trace belongs to. */
  readonly incidentId?: string;
  readonly trace: NormalisedTrace;
  readonly fingerprints: Fingerprints;
}

export interface CandidateQuery {
  readonly fingerprints: Fingerprints;
  readonly candidatesMax: number;
  readonly postingsMax: number;
}

export interface Candidates {
  readonly traces: readonly IndexedTrace[];
  /** The postings budget ended the search: rarer terms were read first, common ones were not. */
  readonly budgetSpent: boolean;
}

/** Where the traces are: statistics stay on this side, whatever holds the postings. One index holds one tenant. */
export interface TraceIndexPort {
  /** Adds a trace, or replaces the one of the same id. */
  put(entry: IndexedTrace): Promise<void>;
  /** Returns whether there was one. */
  remove(traceId: string): Promise<boolean>;
  /** Equal levels first (K1, K0, K2, K3), then by shared terms, rarest first. */
  candidates(query: CandidateQuery): Promise<Candidates>;
  size(): Promise<number>;
  /** In how many traces each term is, in the order asked. */
  documentFrequencies(terms: readonly string[]): Promise<readonly number[]>;
}
