import { DomainError } from '@stella/errors';
import { limits } from './limits.js';

export const CONFIDENCE = 0.95;
const PPM = 1_000_000;
/** Halvings that bring the bound to the last bits of a double. */
const BISECTIONS = 60;

/**
 * Lower one-sided bound of a success rate by Clopper and Pearson (Biometrika 26, 1934): the rate at which `successes`
 * or more of `replays` have probability 1 − confidence. For n of n that is (1 − confidence)^(1/n).
 *
 * @throws DomainError REPLAY_COUNT_INVALID
 */
export function successLowerBound(successes: number, replays: number, confidence = CONFIDENCE): number {
  requireCounts(successes, replays);
  if (successes === 0) return 0;
  if (successes === replays) return (1 - confidence) ** (1 / replays);
  const logChoices = logBinomials(replays);
  let low = 0;
  let high = 1;
  for (let turn = 0; turn < BISECTIONS; turn++) {
    const rate = (low + high) / 2;
    if (upperTail(successes, replays, rate, logChoices) < 1 - confidence) low = rate;
    else high = rate;
  }
  return low;
}

/** The same in parts per million, rounded down: signed documents hold whole numbers. */
export function successLowerBoundPpm(successes: number, replays: number): number {
  return replays === 0 ? 0 : Math.floor(successLowerBound(successes, replays) * PPM);
}

/** The fewest replays that, all successful, bound the rate from below by `bound`. */
export function replaysForBound(bound: number, confidence = CONFIDENCE): number {
  if (!(bound > 0 && bound < 1)) throw new DomainError('REPLAY_COUNT_INVALID', { bound: String(bound) });
  return Math.ceil(Math.log(1 - confidence) / Math.log(bound));
}

function upperTail(successes: number, replays: number, rate: number, logChoices: readonly number[]): number {
  let sum = 0;
  for (let k = successes; k <= replays; k++) {
    sum += Math.exp((logChoices[k] ?? 0) + k * Math.log(rate) + (replays - k) * Math.log1p(-rate));
  }
  return sum;
}

/** ln C(n, k) for every k. */
function logBinomials(n: number): readonly number[] {
  const logs = [0];
  for (let k = 1; k <= n; k++) logs.push((logs[k - 1] ?? 0) + Math.log((n - k + 1) / k));
  return logs;
}

function requireCounts(successes: number, replays: number): void {
  const whole = Number.isSafeInteger(successes) && Number.isSafeInteger(replays);
  if (!whole || successes < 0 || successes > replays || replays < 1 || replays > limits.replaysMax) {
    throw new DomainError('REPLAY_COUNT_INVALID', { successes: String(successes), replays: String(replays) });
  }
}
