import type { ErrorKind } from './reason-entry.js';
import { REASONS, type Reason } from './reasons.js';

/** What was seen, for the person who has to act: names are camelCase, values are short. */
export type ErrorFacts = Readonly<Record<string, string>>;

/** A failure with a reason from the catalogue, the facts, and (by its reason) the next step. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly kind: ErrorKind;
  readonly next: string;

  constructor(
    readonly reason: Reason,
    readonly facts: ErrorFacts = {},
    options: { readonly message?: string; readonly cause?: unknown } = {},
  ) {
    const entry = REASONS[reason];
    super(options.message ?? entry.says, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = entry.kind;
    this.next = entry.next;
  }
}

export function isDomainError(error: unknown, reason?: Reason): error is DomainError {
  return error instanceof DomainError && (reason === undefined || error.reason === reason);
}
