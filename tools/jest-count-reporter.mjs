import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Leaves a project's counts in its folder, and in which run they came about, where whoever runs all projects adds them up. */
export default class CountReporter {
  #rootDir;

  constructor(globalConfig) {
    this.#rootDir = globalConfig.rootDir;
  }

  onRunComplete(_contexts, results) {
    // A run by hand may be recorded, too, and is then one of those that others count.
    const run = process.env.STELLA_TEST_RUN ?? 'by hand';
    const counts = { run, passed: results.numPassedTests, failed: results.numFailedTests, skipped: results.numPendingTests };
    writeFileSync(join(this.#rootDir, 'test-counts.json'), JSON.stringify(counts));
  }
}
