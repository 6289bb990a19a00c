import { isStellaError } from '@stella/client/errors';
import { DomainError, isDomainError } from '@stella/errors';
import { isSystemError } from '../io/files.js';

/** A failure as people and scripts are told of it. */
export interface ErrorReport {
  readonly reason: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, string>>;
  readonly next: string;
}

export function reportOf(error: unknown): ErrorReport {
  if (isStellaError(error)) {
    const { reason, message, next, violations } = error;
    const fields = Object.fromEntries(violations.map(({ field, description }) => [field, description]));
    return { reason, message, facts: { ...error.facts, ...fields }, next };
  }
  if (isDomainError(error)) {
    const { reason, message, facts, next } = error;
    return { reason, message, facts, next };
  }
  // A file that went away while it was sent, a folder that nobody may enter.
  if (isSystemError(error)) return reportOf(new DomainError('FILE_UNREADABLE', { ...(error.path !== undefined && { path: error.path }), problem: error.code }));
  const message = error instanceof Error ? error.message : String(error);
  return { reason: 'INTERNAL', message, facts: {}, next: 'this is a defect of the command: report it with what was typed' };
}

export function renderError({ reason, message, facts, next }: ErrorReport): string {
  const lines = Object.entries(facts).map(([name, value]) => `  ${name}: ${value.replaceAll('\n', '\n    ')}`);
  return [`${reason}: ${message}`, ...lines, `  next: ${next}`].join('\n');
}
