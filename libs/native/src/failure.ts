import { DomainError, type ErrorFacts, LIFTER_REASONS } from '@stella/errors';
import { parseFrame } from './frames.js';

/**
 * The error that an error frame tells of. What the lifter says of a file is a reason of the catalogue; any other native
 * reason, its message and next step become facts of NATIVE_FAILED.
 */
export function failureOfFrame(command: string, frame: Buffer): DomainError {
  const { error } = parseFrame(frame);
  const body = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const [reason, message] = [text(body.reason), text(body.message)];
  // Whoever called knows which file it was; where it lies on this machine is nobody's business further out.
  const { path: _path, ...facts } = stringMembers(body.facts);
  if (isAboutTheFile(reason)) return new DomainError(reason, { ...facts, ...(message !== '' && { problem: message }) });
  return new DomainError('NATIVE_FAILED', { ...facts, command, nativeReason: reason, nativeMessage: message, nativeNext: text(body.next) }, message === '' ? {} : { message });
}

function isAboutTheFile(reason: string): reason is keyof typeof LIFTER_REASONS {
  return Object.hasOwn(LIFTER_REASONS, reason);
}

function stringMembers(value: unknown): ErrorFacts {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
