// `npm run e2e [-- filter…]`: the suites on real servers. Starts what does not run, stops what it started, and ends with
// one line that counts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import './servers/lib/warnings.mjs';
import { up } from './servers/index.mjs';
import { borrowServers } from './servers/lib/borrowed.mjs';
import { serversFolder } from './servers/lib/folder.mjs';
import { addCounts, forgetCounts } from '../tools/test-counts.mjs';

process.chdir(dirname(fileURLToPath(import.meta.url)));
// Threads that the sources start are sources too.
const SOURCES = ['--conditions=@stella/source', '--import', '../libs/platform/database/test/source-loader.mjs'];
const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', '--disable-warning=TimeoutNegativeWarning', ...SOURCES, '../node_modules/jest/bin/jest.js'];
const filters = process.argv.slice(2);
const run = `${process.pid}-${Date.now()}`;
forgetCounts(['.']);
// The suites end first, and then the servers.
const interrupted = new Promise((_resolve, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => reject(new Error(`interrupted by ${signal}`)));
});
interrupted.catch(() => {});

const endStarted = await borrowServers();
let failures = 0;
try {
  // A filtered run starts what its suites ask for.
  if (filters.length === 0) await Promise.race([up(), interrupted]);
  const jest = spawn(process.execPath, [...JEST, ...filters], { env: { ...process.env, STELLA_TEST_RUN: run }, stdio: 'inherit' });
  // From a terminal it is told anyway.
  interrupted.catch(() => jest.kill('SIGTERM'));
  const [code] = await once(jest, 'close');
  if (code !== 0) failures++;
} catch (error) {
  failures++;
  console.error(`e2e: ${error.message}`);
}
const started = await endStarted(failures > 0);
if (failures > 0 && started.length > 0) console.error(`e2e: the servers' logs: ${started.map((name) => join(serversFolder(), name, 'log')).join(' ')}`);
const counts = addCounts(['.'], run);
if (counts.passed === 0 && failures === 0) failures++;
// A test that failed is counted as such, not once more as the suite's exit code.
const failed = Math.max(counts.failed, failures);
console.log(`${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
