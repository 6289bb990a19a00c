import type { CandidateQuery, Candidates, IndexedTrace, TraceIndexPort } from './trace-index.js';
import { inverseFrequency } from './weights.js';

const LEVELS = ['k1', 'k0', 'k2', 'k3'] as const;

/** An inverted index in memory: rebuilt from the database at start. */
export class MemoryTraceIndex implements TraceIndexPort {
  readonly #entries = new Map<string, IndexedTrace>();
  readonly #byTerm = new Map<string, Set<string>>();
  readonly #byLevel = new Map<string, Set<string>>();

  async put(entry: IndexedTrace): Promise<void> {
    await this.remove(entry.traceId);
    this.#entries.set(entry.traceId, entry);
    for (const term of entry.fingerprints.terms) post(this.#byTerm, term, entry.traceId);
    for (const key of levelKeys(entry)) post(this.#byLevel, key, entry.traceId);
  }

  async remove(traceId: string): Promise<boolean> {
    const entry = this.#entries.get(traceId);
    if (!entry) return false;
    this.#entries.delete(traceId);
    for (const term of entry.fingerprints.terms) unpost(this.#byTerm, term, traceId);
    for (const key of levelKeys(entry)) unpost(this.#byLevel, key, traceId);
    return true;
  }

  async candidates({ fingerprints, candidatesMax, postingsMax }: CandidateQuery): Promise<Candidates> {
    const found = new Set<string>();
    for (const key of levelKeys({ fingerprints })) {
      for (const traceId of this.#byLevel.get(key) ?? []) {
        if (found.size >= candidatesMax) break;
        found.add(traceId);
      }
    }
    const { scores, budgetSpent } = this.#scoreByTerms(fingerprints.terms, postingsMax);
    const ranked = [...scores].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    for (const [traceId] of ranked) {
      if (found.size >= candidatesMax) break;
      found.add(traceId);
    }
    return { traces: [...found].flatMap((traceId) => this.#entries.get(traceId) ?? []), budgetSpent };
  }

  async size(): Promise<number> {
    return this.#entries.size;
  }

  async documentFrequencies(terms: readonly string[]): Promise<readonly number[]> {
    return terms.map((term) => this.#byTerm.get(term)?.size ?? 0);
  }

  #scoreByTerms(terms: readonly string[], postingsMax: number) {
    const lists = terms.flatMap((term) => this.#byTerm.get(term) ?? []).sort((a, b) => a.size - b.size);
    const scores = new Map<string, number>();
    let postings = 0;
    for (const list of lists) {
      if (postings + list.size > postingsMax) return { scores, budgetSpent: true };
      postings += list.size;
      const weight = inverseFrequency(list.size, this.#entries.size);
      for (const traceId of list) scores.set(traceId, (scores.get(traceId) ?? 0) + weight);
    }
    return { scores, budgetSpent: false };
  }
}

function levelKeys({ fingerprints }: Pick<IndexedTrace, 'fingerprints'>): string[] {
  return LEVELS.flatMap((level) => {
    const value = fingerprints[level];
    return value === undefined ? [] : [`${level}:${value}`];
  });
}

function post(lists: Map<string, Set<string>>, key: string, traceId: string): void {
  const list = lists.get(key);
  if (list) list.add(traceId);
  else lists.set(key, new Set([traceId]));
}

function unpost(lists: Map<string, Set<string>>, key: string, traceId: string): void {
  const list = lists.get(key);
  list?.delete(traceId);
  if (list?.size === 0) lists.delete(key);
}
