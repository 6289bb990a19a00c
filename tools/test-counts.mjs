import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'test-counts.json';

/** Before a run, so that nobody counts those of another. @param {readonly string[]} folders of projects */
export function forgetCounts(folders) {
  for (const folder of folders) rmSync(join(folder, FILE), { force: true });
}

/**
 * What the projects' tests came to (`jest-count-reporter.mjs`).
 * @param {string} run its name; what another run recorded, with the same inputs, is `recorded`
 */
export function addCounts(folders, run) {
  const sum = { passed: 0, failed: 0, skipped: 0, recorded: 0 };
  for (const path of folders.map((folder) => join(folder, FILE)).filter(existsSync)) {
    const counts = JSON.parse(readFileSync(path, 'utf8'));
    for (const kind of ['passed', 'failed', 'skipped']) sum[kind] += counts[kind];
    if (counts.run !== run) sum.recorded += counts.passed + counts.failed + counts.skipped;
  }
  return sum;
}
