import { DomainError } from '@stella/errors';
import { validate, VERIFY_RESULT_SCHEMA_ID } from '@stella/schemas';
import { classify, countVariance, type Observation, type OutcomeClass } from './classify.js';
import type { Cap } from './outcome.js';
import { successLowerBoundPpm } from './statistics.js';

/** One replay. The id is the capsule's: no two replays of a result share one. */
export interface ReplayRun {
  readonly runId: string;
  readonly observation: Observation;
  readonly rawSha256: string | null;
  readonly canonicalSha256: string | null;
  readonly capHit: Cap | null;
}

export interface Pin {
  readonly name: string;
  readonly state: 'pinned' | 'not-pinned';
  readonly reason: string;
}

/** What a verify result is computed from. */
export interface VerifyResultInput {
  readonly tenant: string;
  readonly witnessId: string;
  readonly artifactSha256: string;
  readonly cacheKey: string;
  readonly replaysRequested: number;
  readonly canonicaliser: string;
  /** The weakest level that any of the runs reached. */
  readonly determinism: 'none' | 'D0' | 'D1' | 'D2';
  readonly isolation: 'I0' | 'I1' | 'I2';
  readonly pins: readonly Pin[];
  readonly runnerSha256: string;
  readonly kernel: string;
  readonly cpuModelClass: string;
  readonly runs: readonly ReplayRun[];
}

/** Predicate of a verify result statement; its subject is the artifact. */
export interface VerifyResult extends VerifyResultInput {
  readonly schemaVersion: 1;
  readonly outcome: OutcomeClass;
  /** Replays that were made. */
  readonly replays: number;
  /** Replays that passed where the outcome is `fixed`, else that failed as expected. */
  readonly successes: number;
  readonly successLowerBoundPpm: number;
  readonly canonicalVariance: number;
  readonly rawVariance: number;
  readonly capHits: readonly { readonly cap: Cap; readonly runs: number }[];
}

/**
 * Computes a verify result from its runs.
 *
 * @throws DomainError SCHEMA_INVALID, VERIFY_RESULT_INVALID
 */
export function buildVerifyResult(input: VerifyResultInput): VerifyResult {
  return parseVerifyResult({ schemaVersion: 1, ...input, ...derive(input) });
}

/**
 * Checks a verify result that came from elsewhere: every figure is computed again from the runs.
 *
 * @throws DomainError SCHEMA_INVALID, VERIFY_RESULT_INVALID with `member`
 */
export function parseVerifyResult(value: unknown): VerifyResult {
  validate(VERIFY_RESULT_SCHEMA_ID, value);
  const result = value as VerifyResult;
  requireDistinct(result.runs);
  for (const run of result.runs) requireConsistent(run);
  requireOneObservation(result.runs);
  const derived: Readonly<Record<string, unknown>> = derive(result);
  for (const [member, expected] of Object.entries(derived)) {
    const actual = (result as unknown as Readonly<Record<string, unknown>>)[member];
    if (JSON.stringify(actual) !== JSON.stringify(expected)) {
      invalid(member, `${JSON.stringify(actual)}, but the runs give ${JSON.stringify(expected)}`);
    }
  }
  return result;
}

function derive({ runs, replaysRequested }: VerifyResultInput) {
  const outcome = classify(runs, replaysRequested);
  const made = runs.filter((run) => run.observation !== 'not-run');
  const success: Observation = outcome === 'fixed' ? 'passed' : 'expected-failure';
  const successes = made.filter((run) => run.observation === success).length;
  return {
    outcome,
    replays: made.length,
    successes,
    successLowerBoundPpm: successLowerBoundPpm(successes, made.length),
    canonicalVariance: countVariance(made.map((run) => run.canonicalSha256)),
    rawVariance: countVariance(made.map((run) => run.rawSha256)),
    capHits: countCaps(made),
  };
}

function countCaps(runs: readonly ReplayRun[]): VerifyResult['capHits'] {
  const counts = new Map<Cap, number>();
  for (const { capHit } of runs) {
    if (capHit !== null) counts.set(capHit, (counts.get(capHit) ?? 0) + 1);
  }
  return [...counts].map(([cap, count]) => ({ cap, runs: count })).sort((a, b) => (a.cap < b.cap ? -1 : 1));
}

function requireDistinct(runs: readonly ReplayRun[]): void {
  const seen = new Set<string>();
  for (const { runId } of runs) {
    if (seen.has(runId)) invalid('runs', `run ${runId} stands twice`);
    seen.add(runId);
  }
}

/** One canonical outcome shows one thing. */
function requireOneObservation(runs: readonly ReplayRun[]): void {
  const byDigest = new Map<string, Observation>();
  for (const { runId, canonicalSha256, observation } of runs) {
    if (canonicalSha256 === null) continue;
    const known = byDigest.get(canonicalSha256) ?? observation;
    if (known !== observation) invalid('runs', `run ${runId} shows ${observation}, another of the same outcome ${known}`);
    byDigest.set(canonicalSha256, known);
  }
}

/** A run was made and has both digests, or was not and has none. */
function requireConsistent(run: ReplayRun): void {
  const digests = Number(run.rawSha256 !== null) + Number(run.canonicalSha256 !== null);
  const expected = run.observation === 'not-run' ? 0 : 2;
  if (digests !== expected) invalid('runs', `run ${run.runId} has ${digests} digests instead of ${expected}`);
  if (run.observation === 'not-run' && run.capHit !== null) invalid('runs', `run ${run.runId} was not made, yet hit a cap`);
}

function invalid(member: string, problem: string): never {
  throw new DomainError('VERIFY_RESULT_INVALID', { member, problem: problem.slice(0, 300) });
}
