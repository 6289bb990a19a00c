import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Leaves each project's counts where `npm test` adds them up. */
export default class CountReporter {
  onRunComplete(_contexts, results) {
    const folder = process.env.STELLA_TEST_RESULTS;
    if (!folder) return;
    const counts = { passed: results.numPassedTests, failed: results.numFailedTests, skipped: results.numPendingTests };
    writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(counts));
  }
}
