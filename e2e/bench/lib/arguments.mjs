import { parseArgs } from 'node:util';
import { RUNS_DEFAULT, RUNS_MAX } from './limits.mjs';

/**
 * @param {readonly string[]} args of the command line
 * @returns {{ names: string[], runs: number }} exits with 2 where they do not parse
 */
export function readArguments(args) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { runs: { type: 'string', default: String(RUNS_DEFAULT) } } });
    const runs = Number(values.runs);
    if (!Number.isSafeInteger(runs) || runs < 1 || runs > RUNS_MAX) throw new Error(`--runs is a whole number from 1 to ${RUNS_MAX}`);
    return { names: positionals, runs };
  } catch (error) {
    console.error(`bench: ${error.message}\nusage: npm run bench -- [name…] [--runs N]`);
    return process.exit(2);
  }
}
