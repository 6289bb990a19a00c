import { isStellaError, status } from '@stella/client/errors';
import { isDomainError, type Reason } from '@stella/errors';
import { CLASS_OF_REASON, type ErrorClass } from './exit-of-reason.js';

/** What a command ends with; scripts rely on it. */
export const EXIT = { ok: 0, no: 1, usage: 2, review: 3, couldNotCheck: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with an answer other than 0; nothing more is said. */
export class CommandEnd extends Error {
  constructor(readonly exitCode: ExitCode) {
    super(`exit ${exitCode}`);
  }
}

/** Ends a command with an error that is told, and another exit code than the one of its reason. */
export class CommandFailure extends Error {
  constructor(
    override readonly cause: unknown,
    readonly exitCode: ExitCode,
  ) {
    super(`exit ${exitCode}`);
  }
}

const CODES: Readonly<Record<ErrorClass, ExitCode>> = { no: EXIT.no, usage: EXIT.usage, open: EXIT.couldNotCheck };
/** Of reasons that a newer system knows, and this version does not. */
const USAGE_CODES = new Set<status>([status.INVALID_ARGUMENT, status.NOT_FOUND, status.OUT_OF_RANGE]);

/** By the class of the error's reason; what is no typed error leaves the question open, and an unknown reason never says no. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isStellaError(error) && !isKnown(error.reason)) return USAGE_CODES.has(error.code) ? EXIT.usage : EXIT.couldNotCheck;
  if (!isStellaError(error) && !isDomainError(error)) return EXIT.couldNotCheck;
  // Why the work failed is the answer.
  const why = error.reason === 'WORK_FAILED' ? (error.facts['reason'] ?? '') : error.reason;
  return isKnown(why) ? CODES[CLASS_OF_REASON[why]] : EXIT.couldNotCheck;
}

function isKnown(reason: string): reason is Reason {
  return Object.hasOwn(CLASS_OF_REASON, reason);
}
