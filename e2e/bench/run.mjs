// `npm run bench -- [name…] [--runs N]`: runs benchmarks one after the other, each as a process of its own. A goal that is
// missed is printed as missed and is no failure; a benchmark that could not measure is one.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { readArguments } from './lib/arguments.mjs';

const BENCHMARKS = ['lift', 'psdi', 'delta', 'capsule', 'debuginfod', 'gate-cached', 'events', 'grpc'];

const { names, runs } = readArguments(process.argv.slice(2));
const unknown = names.filter((name) => !BENCHMARKS.includes(name));
if (unknown.length > 0) {
  console.error(`bench: there is no benchmark ${unknown.join(', ')}; there are ${BENCHMARKS.join(', ')}`);
  process.exit(2);
}

const failed = [];
for (const name of names.length > 0 ? names : BENCHMARKS) {
  const { status } = spawnSync(process.execPath, [fileOf(name), '--runs', String(runs)], { stdio: 'inherit' });
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`bench: could not measure ${failed.join(', ')}; the reason stands above`);
  process.exit(1);
}

function fileOf(name) {
  return fileURLToPath(new URL(`./${name}.mjs`, import.meta.url));
}
