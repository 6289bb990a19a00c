import { isStellaError, status } from '@stella/client/errors';
import { type ErrorKind, isDomainError } from '@stella/errors';

/** What a command ends with; scripts rely on it. */
export const EXIT = { ok: 0, no: 1, usage: 2, review: 3, couldNotCheck: 4 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with an answer other than 0; nothing more is said. */
export class CommandEnd extends Error {
  constructor(readonly exitCode: ExitCode) {
    super(`exit ${exitCode}`);
  }
}

const USAGE = new Set(['USAGE_INVALID', 'RELEASE_UNKNOWN', 'CLAIM_INVALID', 'CLAIMS_TOO_MANY']);
/** Failures that leave the question open, although they are of a kind that mostly is an answer. */
const OPEN = new Set(['EVALUATION_FAILED', 'WORK_FAILED', 'TOOL_MISSING', 'BUILD_FAILED', 'NATIVE_CRASHED', 'DATABASE_START_FAILED']);
const UNSETTLED_KINDS = new Set<ErrorKind>(['unavailable', 'deadline', 'cancelled', 'unauthenticated', 'exhausted', 'internal']);
const UNSETTLED_CODES = new Set<status>([
  status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED, status.UNAUTHENTICATED, status.RESOURCE_EXHAUSTED,
  status.INTERNAL, status.UNKNOWN, status.UNIMPLEMENTED, status.ABORTED,
]);

/** 1 where the error is itself a negative answer, 4 where it leaves the question open; what is no typed error is open. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isStellaError(error)) return codeOf(error.reason, UNSETTLED_CODES.has(error.code));
  if (isDomainError(error)) return codeOf(error.reason, UNSETTLED_KINDS.has(error.kind));
  return EXIT.couldNotCheck;
}

function codeOf(reason: string, isUnsettled: boolean): ExitCode {
  if (USAGE.has(reason)) return EXIT.usage;
  return isUnsettled || OPEN.has(reason) ? EXIT.couldNotCheck : EXIT.no;
}
