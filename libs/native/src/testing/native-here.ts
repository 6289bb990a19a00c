import { isDomainError } from '@stella/errors';
import { nativeExecutable } from '../executable.js';

/** Whether the executable is built; says loudly that tests are skipped where it is not. */
export function nativeIsHere(suite: string): boolean {
  try {
    nativeExecutable();
    return true;
  } catch (error) {
    // In CI what was not checked is a failure.
    if (!isDomainError(error, 'NATIVE_MISSING') || process.env['CI']) throw error;
    process.stderr.write(`SKIPPED ${suite}: ${error.facts.path} is missing; ${error.next}\n`);
    return false;
  }
}
