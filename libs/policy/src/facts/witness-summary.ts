/** Outcome classes of a verify result; only the first two are verdicts. */
export type WitnessOutcome = 'reproduced' | 'fixed' | 'not-reproduced' | 'different-failure' | 'flaky' | 'infrastructure';

/** A verify result whose signature and content were checked. */
export interface WitnessResult {
  readonly witness: string;
  readonly incident: string;
  readonly artifactSha256: string;
  readonly outcome: WitnessOutcome;
  readonly runIds: readonly string[];
  readonly successLowerBoundPpm: number;
  /** Distinct canonical outcomes − 1. */
  readonly variance: number;
  /** SHA-256 of the statement's envelope. */
  readonly evidence: string;
}

export type IncidentState = 'fixed' | 'reproduces' | 'not-in-baseline' | 'inconclusive' | 'no-witness';

export interface WitnessSummary {
  readonly total: number;
  readonly claimed: number;
  readonly baselineReproduced: number;
  readonly candidateFixed: number;
  readonly candidateReproduced: number;
  readonly candidateNotReproduced: number;
  readonly candidateOtherwise: number;
  readonly notCompleted: number;
  readonly replaysMin?: number;
  readonly successLowerBoundMinPpm?: number;
  readonly varianceMax?: number;
  /** Results that do not count: of another artifact, or with runs that were counted before. */
  readonly refused: readonly string[];
  readonly incidents: ReadonlyMap<string, IncidentState>;
  readonly evidence: readonly string[];
}

interface Sides {
  readonly incident: string;
  baseline: WitnessOutcome | 'missing';
  candidate: WitnessOutcome | 'missing';
}

// Of two answers about one candidate the worse one counts; an order of how bad each is.
const BADNESS: readonly (WitnessOutcome | 'missing')[] = ['missing', 'fixed', 'not-reproduced', 'flaky', 'different-failure', 'infrastructure', 'reproduced'];

/** @param claimedIncidents of the release's `fixes incident` claims. */
export function summariseWitnesses(
  results: readonly WitnessResult[],
  artifacts: { readonly baselineSha256: string; readonly candidateSha256: string },
  claimedIncidents: readonly string[],
): WitnessSummary {
  const { counted, refused } = distinctRuns(results, artifacts);
  const witnesses = new Map<string, Sides>();
  for (const result of counted) {
    const sides = witnesses.get(result.witness) ?? { incident: result.incident, baseline: 'missing', candidate: 'missing' };
    witnesses.set(result.witness, sides);
    if (result.artifactSha256 === artifacts.candidateSha256) sides.candidate = worse(sides.candidate, result.outcome);
    else sides.baseline = sides.baseline === 'missing' || sides.baseline === result.outcome ? result.outcome : 'flaky';
    // A candidate that is the baseline answers for both.
    if (artifacts.baselineSha256 === artifacts.candidateSha256) sides.baseline = sides.candidate;
  }
  const all = [...witnesses.values()];
  const claimed = all.filter((sides) => claimedIncidents.includes(sides.incident));
  const count = (sides: readonly Sides[], test: (one: Sides) => boolean): number => sides.filter(test).length;
  return {
    total: all.length,
    claimed: claimed.length,
    baselineReproduced: count(claimed, (s) => s.baseline === 'reproduced'),
    candidateFixed: count(all, (s) => s.candidate === 'fixed'),
    candidateReproduced: count(all, (s) => s.candidate === 'reproduced'),
    candidateNotReproduced: count(all, (s) => s.candidate === 'not-reproduced'),
    candidateOtherwise: count(all, (s) => s.candidate === 'different-failure' || s.candidate === 'flaky'),
    notCompleted:
      count(all, (s) => s.candidate === 'infrastructure' || s.candidate === 'missing') +
      count(claimed, (s) => s.baseline === 'infrastructure' || s.baseline === 'missing'),
    ...(counted.length > 0 && {
      replaysMin: Math.min(...counted.map((r) => r.runIds.length)),
      successLowerBoundMinPpm: Math.min(...counted.map((r) => r.successLowerBoundPpm)),
      varianceMax: Math.max(...counted.map((r) => r.variance)),
    }),
    refused,
    incidents: new Map(claimedIncidents.map((incident) => [incident, incidentState(claimed.filter((s) => s.incident === incident))])),
    evidence: counted.map((r) => r.evidence).sort(),
  };
}

function worse(a: WitnessOutcome | 'missing', b: WitnessOutcome): WitnessOutcome | 'missing' {
  return BADNESS.indexOf(a) > BADNESS.indexOf(b) ? a : b;
}

function incidentState(sides: readonly Sides[]): IncidentState {
  if (sides.length === 0) return 'no-witness';
  if (sides.some((s) => s.candidate === 'reproduced')) return 'reproduces';
  if (sides.some((s) => s.baseline === 'fixed' || s.baseline === 'not-reproduced')) return 'not-in-baseline';
  return sides.every((s) => s.baseline === 'reproduced' && s.candidate === 'fixed') ? 'fixed' : 'inconclusive';
}

function distinctRuns(
  results: readonly WitnessResult[],
  artifacts: { readonly baselineSha256: string; readonly candidateSha256: string },
): { counted: readonly WitnessResult[]; refused: readonly string[] } {
  const runs = new Set<string>();
  const seen = new Set<string>();
  const counted: WitnessResult[] = [];
  const refused: string[] = [];
  for (const result of [...results].sort((a, b) => (a.evidence < b.evidence ? -1 : a.evidence > b.evidence ? 1 : 0))) {
    // The same statement twice adds nothing and harms nobody.
    if (seen.has(result.evidence)) continue;
    seen.add(result.evidence);
    const known = result.artifactSha256 === artifacts.baselineSha256 || result.artifactSha256 === artifacts.candidateSha256;
    const distinct = result.runIds.length > 0 && new Set(result.runIds).size === result.runIds.length && result.runIds.every((id) => !runs.has(id));
    if (!known || !distinct) {
      refused.push(result.evidence);
      continue;
    }
    for (const id of result.runIds) runs.add(id);
    counted.push(result);
  }
  return { counted, refused };
}
