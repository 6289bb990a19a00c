import { P99_SAMPLES_MIN } from './limits.mjs';

/** @param report as `benchmark` writes it */
export function printReport({ benchmark, runs, machine, tools, facts, groups }) {
  const { cpu, cores, memoryGiB, kernel, node, loadBefore, loadAfter } = machine;
  print(`\n${benchmark}: ${runs} runs each, in turn`);
  print(`  ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${kernel}, Node ${node}; load ${loadBefore[0]} before, ${loadAfter[0]} after`);
  for (const [name, version] of Object.entries(tools)) print(`  ${name}: ${version}`);
  for (const [name, value] of Object.entries(facts)) print(`  ${name}: ${typeof value === 'number' ? value.toLocaleString('en') : value}`);
  for (const each of groups) printGroup(each);
}

function printGroup({ title, unit, cases, ratios, goals }) {
  print('');
  const hasCpu = unit === 'ms' && cases.some(({ cpuMsMean, samples, rounds }) => samples === rounds && cpuMsMean > 0);
  // Of fewer samples it would be their largest or the one before.
  const hasP99 = cases.every(({ samples }) => samples >= P99_SAMPLES_MIN);
  const head = [`${title} (${unit})`, 'p50', 'p95', ...(hasP99 ? ['p99'] : []), 'min', 'max', 'N', ...(hasCpu ? ['CPU mean'] : [])];
  const rows = cases.map(({ name, p50, p95, p99, min, max, samples, cpuMsMean }) => [name, ...[p50, p95, ...(hasP99 ? [p99] : []), min, max].map(figure), String(samples), ...(hasCpu ? [figure(cpuMsMean)] : [])]);
  printTable([head, ...rows]);
  for (const { case: name, to, value, low, high } of ratios) print(`  ${name} / ${to}: ${figure(value)} (95 %: ${figure(low)} to ${figure(high)})`);
  for (const { text, value, low, high, outcome } of goals) print(`  goal: ${text}: ${figure(value)} (${figure(low)} to ${figure(high)}): ${outcome.toUpperCase()}`);
}

function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) print(`  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  ')}`);
}

/** Three digits that count. */
function figure(value) {
  if (value === 0 || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
