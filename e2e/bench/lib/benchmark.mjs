import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readArguments } from './arguments.mjs';
import { load, machine } from './machine.mjs';
import { printReport } from './print-report.mjs';

const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

/**
 * A benchmark: measures, prints a table, leaves `results/<name>.json`.
 * @param {(runs: number) => Promise<{ groups: object[], facts?: object, tools?: object }>} measure groups as `group` makes them
 */
export async function benchmark(name, measure) {
  const { runs } = readArguments(process.argv.slice(2));
  const startTime = new Date().toISOString();
  const loadBefore = load();
  const { groups, facts = {}, tools = {} } = await measure(runs);
  const report = { benchmark: name, startTime, runs, machine: { ...machine(), loadBefore, loadAfter: load() }, tools, facts, groups };
  mkdirSync(RESULTS, { recursive: true });
  const path = `${RESULTS}${name}.json`;
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(report, null, 2)}\n`);
  renameSync(`${path}.${process.pid}`, path);
  printReport(report);
}
