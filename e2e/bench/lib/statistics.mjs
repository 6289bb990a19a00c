import { BOOTSTRAP_RESAMPLES } from './limits.mjs';

/** By nearest rank: one of the values, never between two. @param share 0 to 1 */
export function percentile(values, share) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * A statistic of rounds with its 95 % interval, by the percentile bootstrap (Efron 1979). Rounds are drawn whole, so that
 * what one round did to everything that it measured, such as a busy machine, stays together.
 * @param {number} rounds how many there are
 * @param {(picked: readonly number[]) => number} statistic of the rounds of these numbers
 */
export function withInterval(rounds, statistic) {
  const all = Array.from({ length: rounds }, (_, round) => round);
  const random = randomNumbers(rounds);
  const resampled = Array.from({ length: BOOTSTRAP_RESAMPLES }, () => statistic(all.map(() => Math.floor(random() * rounds))));
  return { value: statistic(all), low: percentile(resampled, 0.025), high: percentile(resampled, 0.975) };
}

/** Mulberry32: the same samples give the same interval. */
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
