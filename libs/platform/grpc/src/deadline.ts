import type { Deadline } from '@grpc/grpc-js';
import { DomainError } from '@stella/errors';
import { type StatusParts, statusOf } from './status.js';

/**
 * Ends a call that came without a deadline after a default time: nobody waits for an answer without end. A call with
 * a deadline of its own is ended by grpc-js.
 * @returns to be called when the call ends
 */
export function startDefaultDeadline(deadline: Deadline, defaultMs: number, expired: (sent: StatusParts) => void): () => void {
  if (deadline instanceof Date || Number.isFinite(deadline)) return () => undefined;
  const timer = setTimeout(() => expired(statusOf(new DomainError('DEADLINE_EXCEEDED', { defaultMs: String(defaultMs) }))), defaultMs);
  timer.unref();
  return () => clearTimeout(timer);
}
