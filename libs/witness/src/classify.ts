import { canonicalDigest, failsAsExpected, type CanonicalOutcome, type ExpectedFailure } from './outcome.js';
import { passes, type PassPredicate } from './pass-predicate.js';

export type OutcomeClass = 'reproduced' | 'fixed' | 'not-reproduced' | 'different-failure' | 'flaky' | 'infrastructure';

/** What one replay showed; `not-run` is the capsule's failure, not the program's. */
export type Observation = 'expected-failure' | 'passed' | 'no-failure' | 'other-failure' | 'not-run';

export interface Expectation {
  readonly failure: ExpectedFailure;
  readonly passPredicate: PassPredicate;
  /** The artifact is the one that the witness was recorded on. */
  readonly sameArtifact: boolean;
}

/** Only these two say something about the artifact. */
export function isVerdict(outcome: OutcomeClass): outcome is 'reproduced' | 'fixed' {
  return outcome === 'reproduced' || outcome === 'fixed';
}

/** Judges one run on its own. */
export function observe(outcome: CanonicalOutcome, { failure, passPredicate, sameArtifact }: Expectation): Observation {
  if (failsAsExpected(outcome, failure, sameArtifact)) return 'expected-failure';
  if (passes(passPredicate, outcome)) return 'passed';
  const endedWell = outcome.capHit === null && 'code' in outcome.exit && outcome.exit.code === 0;
  return endedWell ? 'no-failure' : 'other-failure';
}

/** One replay as it counts: its observation, and the digest of its canonical outcome where there is one. */
export interface ObservedRun {
  readonly observation: Observation;
  readonly canonicalSha256: string | null;
}

export function observedRun(outcome: CanonicalOutcome, expectation: Expectation): ObservedRun {
  return { observation: observe(outcome, expectation), canonicalSha256: canonicalDigest(outcome) };
}

const BY_OBSERVATION: Readonly<Record<Exclude<Observation, 'not-run'>, OutcomeClass>> = {
  'expected-failure': 'reproduced',
  passed: 'fixed',
  'no-failure': 'not-reproduced',
  'other-failure': 'different-failure',
};

/**
 * The class of all replays together. Two canonical outcomes are one too many: the runs are flaky, whatever they
 * showed. Fewer runs than asked for are a verdict about nothing, unless those there are already disagree.
 */
export function classify(runs: readonly ObservedRun[], replaysRequested: number): OutcomeClass {
  const made = runs.filter((run) => run.observation !== 'not-run');
  if (variance(made) > 0) return 'flaky';
  const [first] = made;
  if (!first || first.observation === 'not-run' || made.length < replaysRequested) return 'infrastructure';
  return BY_OBSERVATION[first.observation];
}

/** Distinct canonical outcomes − 1; 0 where nothing ran. */
export function variance(runs: readonly { readonly canonicalSha256: string | null }[]): number {
  return countVariance(runs.map((run) => run.canonicalSha256));
}

/** Distinct digests − 1; runs without one do not count. */
export function countVariance(digests: readonly (string | null)[]): number {
  return Math.max(new Set(digests.filter((digest) => digest !== null)).size - 1, 0);
}
