import { DomainError } from '@stella/errors';
import { variance, type ObservedRun } from './classify.js';
import { limits } from './limits.js';

/** How often a witness is replayed: a look, a gate's decision, a badge with a bound of 0.95. */
export const REPLAYS = { quick: 5, gate: 20, badge: 59 } as const;

export interface SequentialPlan {
  readonly replays: number;
  /** Capsules that may run at once. */
  readonly parallel: number;
  /** Replays in a row that could not be made before the plan gives up. */
  readonly notRunMax: number;
}

export type NextStep =
  | { readonly action: 'run'; readonly count: number }
  | { readonly action: 'stop'; readonly reason: 'enough' | 'variance' | 'infrastructure' };

/**
 * What to do after the runs so far, in the order they ended. One differing outcome settles the class, so nothing is
 * run after it; agreement never ends a plan early, so the bound for n of n holds as stated. The first replay runs
 * alone: an artifact that cannot start costs one capsule, not a pool.
 *
 * @throws DomainError REPLAY_COUNT_INVALID
 */
export function nextStep(plan: SequentialPlan, runs: readonly ObservedRun[]): NextStep {
  requirePlan(plan);
  if (variance(runs) > 0) return { action: 'stop', reason: 'variance' };
  const made = runs.filter((run) => run.observation !== 'not-run').length;
  if (made >= plan.replays) return { action: 'stop', reason: 'enough' };
  const lastMade = runs.findLastIndex((run) => run.observation !== 'not-run');
  if (runs.length - 1 - lastMade >= plan.notRunMax) return { action: 'stop', reason: 'infrastructure' };
  return { action: 'run', count: made === 0 ? 1 : Math.min(plan.parallel, plan.replays - made) };
}

function requirePlan({ replays, parallel, notRunMax }: SequentialPlan): void {
  const whole = [replays, parallel, notRunMax].every((count) => Number.isSafeInteger(count) && count >= 1);
  if (!whole || replays > limits.replaysMax) {
    throw new DomainError('REPLAY_COUNT_INVALID', {
      replays: String(replays),
      parallel: String(parallel),
      notRunMax: String(notRunMax),
    });
  }
}
