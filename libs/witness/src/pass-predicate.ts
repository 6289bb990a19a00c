import { DomainError } from '@stella/errors';
import type { CanonicalOutcome, ExpectedFailure } from './outcome.js';

/** What the incident's owner counts as fixed. */
export interface PassPredicate {
  readonly exitCode: number;
  /** SHA-256 of the canonical standard output; absent: any output will do. */
  readonly stdoutSha256?: string;
}

/** Whether a run is what the owner counts as fixed. A run that a cap ended never is. */
export function passes(predicate: PassPredicate, outcome: CanonicalOutcome): boolean {
  return (
    outcome.capHit === null &&
    'code' in outcome.exit &&
    outcome.exit.code === predicate.exitCode &&
    (predicate.stdoutSha256 === undefined || predicate.stdoutSha256 === outcome.stdoutSha256)
  );
}

/** Whether a program that does nothing and ends well would count as fixed. */
export function isWeak(predicate: PassPredicate): boolean {
  return predicate.stdoutSha256 === undefined;
}

/**
 * Refuses a predicate that the failure itself meets.
 *
 * @throws DomainError PASS_PREDICATE_INVALID
 */
export function requireTelling(predicate: PassPredicate, failure: ExpectedFailure): void {
  if (passes(predicate, failure)) {
    throw new DomainError('PASS_PREDICATE_INVALID', { exitCode: String(predicate.exitCode) });
  }
}
