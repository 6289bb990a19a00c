import { RUNS_TO_JUDGE_MIN } from './limits.mjs';
import { mean, percentile, withInterval } from './statistics.mjs';

/**
 * What was measured side by side, summed up.
 * @param {string} title
 * @param {Awaited<ReturnType<typeof import('./alternate.mjs').alternate>>} results
 * @param {object} how
 * @param {string} [how.unit] default: ms
 * @param {readonly [string, string][]} [how.ratios] pairs of cases: the medians of the first by those of the second
 * @param {readonly Goal[]} [how.goals]
 * @typedef {{ text: string, case: string, to?: string, max?: number, min?: number }} Goal of a case's median, or of its
 * ratio `to` another's
 */
export function group(title, results, { unit = 'ms', ratios = [], goals = [] } = {}) {
  return {
    title,
    unit,
    cases: Object.entries(results).map(([name, { rounds, cpuMs }]) => ({ name, ...summary(rounds), cpuMsMean: cpuMs, roundMedians: rounds.map((samples) => percentile(samples, 0.5)) })),
    ratios: ratios.map(([name, reference]) => ({ case: name, to: reference, ...ratioOf(results, name, reference) })),
    goals: goals.map((goal) => ({ ...goal, ...judge(results, goal) })),
  };
}

function summary(rounds) {
  const samples = rounds.flat();
  return { rounds: rounds.length, samples: samples.length, p50: percentile(samples, 0.5), p95: percentile(samples, 0.95), p99: percentile(samples, 0.99), min: percentile(samples, 0), max: percentile(samples, 1), mean: mean(samples) };
}

function ratioOf(results, name, reference) {
  const [own, other] = [name, reference].map((each) => results[each].rounds);
  return withInterval(own.length, (picked) => medianOf(own, picked) / medianOf(other, picked));
}

function medianOf(rounds, picked) {
  return percentile(picked.flatMap((round) => rounds[round]), 0.5);
}

/** A goal is met or missed only where the whole interval says so. */
function judge(results, { case: name, to, max = Infinity, min = -Infinity }) {
  const found = to === undefined ? withInterval(results[name].rounds.length, (picked) => medianOf(results[name].rounds, picked)) : ratioOf(results, name, to);
  return { ...found, outcome: outcomeOf(found, max, min, results[name].rounds.length) };
}

function outcomeOf({ value, low, high }, max, min, rounds) {
  if (rounds < RUNS_TO_JUDGE_MIN) return 'too few runs';
  if (low >= min && high <= max) return 'met';
  if (high < min || low > max) return 'missed';
  return value >= min && value <= max ? 'met, within the noise' : 'missed, within the noise';
}
