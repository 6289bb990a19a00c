import { GRPC_CODE_OF_KIND, REASONS, type Reason } from '@stella/errors';
import type { status } from './status.js';

/** A request member that breaks its rules. */
export interface FieldViolation {
  /** Path of the member, in proto names. */
  readonly field: string;
  readonly description: string;
}

export interface StellaErrorInit {
  /** A reason of the catalogue, or one that a newer server knows. */
  readonly reason: string;
  readonly code: status;
  readonly message: string;
  readonly facts?: Readonly<Record<string, string>>;
  readonly next?: string;
  readonly violations?: readonly FieldViolation[];
  readonly retryDelayMs?: number;
  readonly cause?: unknown;
}

/** Why a call failed: reason and facts as `google.rpc.ErrorInfo` carries them, and what to do next. */
export class StellaError extends Error {
  override readonly name = 'StellaError';
  readonly reason: string;
  /** The gRPC status code. */
  readonly code: status;
  readonly facts: Readonly<Record<string, string>>;
  readonly next: string;
  readonly violations: readonly FieldViolation[];
  /** How long the server asks to wait before the next attempt (`google.rpc.RetryInfo`). */
  readonly retryDelayMs: number | undefined;

  constructor(init: StellaErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.reason = init.reason;
    this.code = init.code;
    this.facts = init.facts ?? {};
    this.next = init.next ?? nextStep(init.reason);
    this.violations = init.violations ?? [];
    this.retryDelayMs = init.retryDelayMs;
  }
}

export function isStellaError(error: unknown, reason?: string): error is StellaError {
  return error instanceof StellaError && (reason === undefined || error.reason === reason);
}

/** An error that this side found. */
export function localError(reason: Reason, facts: Readonly<Record<string, string>> = {}, cause?: unknown): StellaError {
  const entry = REASONS[reason];
  return new StellaError({ reason, code: GRPC_CODE_OF_KIND[entry.kind], message: entry.says, facts, next: entry.next, cause });
}

function nextStep(reason: string): string {
  const entry = (REASONS as Readonly<Record<string, { readonly next: string }>>)[reason];
  return entry?.next ?? 'compare the versions of client and server';
}
