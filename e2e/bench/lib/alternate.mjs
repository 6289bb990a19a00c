import { cpuMsUsed } from './cpu-time.mjs';
import { WARM_UP_RUNS } from './limits.mjs';

/**
 * Runs things in turn, round after round, so that what disturbs the machine disturbs all of them. The order turns with
 * the rounds: nobody always follows the same one.
 * @param {Record<string, () => unknown>} cases what a case returns as an array are its samples; else it is timed, in ms
 * @returns {Promise<Record<string, { rounds: number[][], cpuMs: number }>>} samples a round; CPU time of this process and
 * of the children that it waited for, a round on average
 */
export async function alternate(cases, runs) {
  const names = Object.keys(cases);
  for (let round = 0; round < Math.min(WARM_UP_RUNS, runs); round++) for (const name of names) await cases[name]();
  const results = Object.fromEntries(names.map((name) => [name, { rounds: [], cpuMs: 0 }]));
  for (let round = 0; round < runs; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length];
      const cpuBefore = cpuMsUsed();
      const start = process.hrtime.bigint();
      const returned = await cases[name]();
      const elapsedMs = Number(process.hrtime.bigint() - start) / 1e6;
      results[name].cpuMs += (cpuMsUsed() - cpuBefore) / runs;
      results[name].rounds.push(Array.isArray(returned) ? returned : [elapsedMs]);
    }
  }
  return results;
}
