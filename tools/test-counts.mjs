import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const FILE = 'test-counts.json';

/** Before a run, so that nobody counts those of another. @param {readonly string[]} folders of projects */
export function forgetCounts(folders) {
  for (const folder of folders) rmSync(join(folder, FILE), { force: true });
}

/**
 * What the projects' tests came to (`jest-count-reporter.mjs`).
 * @param {string} run its name; what another run recorded, with the same inputs, is `recorded`
 * @returns `uncounted`: projects with tests of which nobody knows what they came to
 */
export function addCounts(folders, run) {
  const sum = { passed: 0, failed: 0, skipped: 0, recorded: 0, uncounted: [] };
  for (const folder of folders) {
    const path = join(folder, FILE);
    if (!existsSync(path)) {
      if (globSync('{src,test}/**/*.spec.ts', { cwd: folder }).length > 0) sum.uncounted.push(folder);
      continue;
    }
    const counts = JSON.parse(readFileSync(path, 'utf8'));
    for (const kind of ['passed', 'failed', 'skipped']) sum[kind] += counts[kind];
    if (counts.run !== run) sum.recorded += counts.passed + counts.failed + counts.skipped;
  }
  return sum;
}
