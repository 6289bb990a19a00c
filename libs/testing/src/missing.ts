import { writeSync } from 'node:fs';

/**
 * What cannot be tested on this machine is said out loud, and is a failure in CI: not checked is not passed.
 * @param what the test or suite
 * @param why what is missing, and how it gets here
 */
export function declareMissing(what: string, why: string, isRequired = process.env['CI'] !== undefined): void {
  const message = `SKIPPED ${what}: ${why}`;
  // The console of a suite whose tests are all skipped is not shown.
  writeSync(2, `${message}\n`);
  if (!isRequired) return void test.skip(message, () => undefined);
  test(message, () => {
    throw new Error(message);
  });
}

/** A test that only root can run, e.g. because it mounts something. */
export function testAsRoot(name: string, run: () => unknown, timeoutMs?: number): void {
  if (process.getuid?.() === 0) return void test(name, run as () => Promise<void>, timeoutMs);
  declareMissing(name, 'only root may do what this test does; run it as root');
}
