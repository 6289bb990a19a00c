import { type Metadata, status } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo } from '@stella/contracts/google/rpc/error_details';
import { Status } from '@stella/contracts/google/rpc/status';
import type { Reason } from '@stella/errors';
import { type FieldViolation, StellaError, localError } from './stella-error.js';

/** What grpc-js rejects with; errors of the transport have no details. */
interface WireError {
  readonly code: status;
  readonly details: string;
  readonly metadata?: Metadata;
}

interface Details {
  info?: ErrorInfo;
  violations: FieldViolation[];
  retryDelayMs?: number;
}

const DOMAIN = 'stella-ops.org';
const TYPE_PREFIX = 'type.googleapis.com/google.rpc.';
const DETAILS_KEY = 'grpc-status-details-bin';

/** Codes that the transport gives by itself, without details. */
const BARE: Partial<Record<status, Reason>> = {
  [status.CANCELLED]: 'CANCELLED',
  [status.INVALID_ARGUMENT]: 'REQUEST_INVALID',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [status.PERMISSION_DENIED]: 'PERMISSION_DENIED',
  [status.INTERNAL]: 'INTERNAL',
  [status.UNAVAILABLE]: 'UNAVAILABLE',
  [status.UNAUTHENTICATED]: 'UNAUTHENTICATED',
};

/** Any failure of a call as a StellaError; what is none already comes from grpc-js or is a fault of this process. */
export function toStellaError(error: unknown, path: string): StellaError {
  if (error instanceof StellaError) return error;
  if (!isWireError(error)) return localError('INTERNAL', { call: path, message: String(error) }, error);
  const details = readDetails(error.metadata);
  if (!details.info) return bareError(error, details, path);
  const { next, ...facts } = details.info.metadata;
  return new StellaError({
    reason: details.info.reason,
    code: error.code,
    message: error.details,
    facts,
    ...(next === undefined ? {} : { next }),
    violations: details.violations,
    ...(details.retryDelayMs === undefined ? {} : { retryDelayMs: details.retryDelayMs }),
    cause: error,
  });
}

function bareError(error: WireError, details: Details, path: string): StellaError {
  if (error.code === status.UNAVAILABLE) return nobodyAnswers(error, path);
  return new StellaError({
    reason: BARE[error.code] ?? `GRPC_${status[error.code] ?? 'UNKNOWN'}`,
    code: error.code,
    message: error.details,
    facts: { call: path },
    violations: details.violations,
    cause: error,
  });
}

/** Said by this side: no server was reached. */
function nobodyAnswers(error: WireError, path: string): StellaError {
  const next = 'check that the system runs (`stella up`) and that its address is the right one, then call again';
  return new StellaError({ reason: 'UNAVAILABLE', code: error.code, message: 'nobody answers', facts: { call: path, problem: error.details }, next, cause: error });
}

/** Whether a call ended so, other than what its source of messages threw. */
export function isCallFailure(error: unknown): boolean {
  return error instanceof StellaError || isWireError(error);
}

function isWireError(error: unknown): error is WireError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

function readDetails(metadata: Metadata | undefined): Details {
  const details: Details = { violations: [] };
  const bytes = metadata?.get(DETAILS_KEY)[0];
  if (!Buffer.isBuffer(bytes)) return details;
  try {
    for (const any of Status.decode(bytes).details) readDetail(any.typeUrl, any.value, details);
  } catch {
    // A proxy may cut or replace trailers; the bare status still says what failed.
    return { violations: [] };
  }
  return details;
}

function readDetail(typeUrl: string, value: Uint8Array, into: Details): void {
  if (typeUrl === `${TYPE_PREFIX}ErrorInfo`) {
    const info = ErrorInfo.decode(value);
    if (info.domain === DOMAIN) into.info = info;
  } else if (typeUrl === `${TYPE_PREFIX}BadRequest`) {
    for (const { field, description } of BadRequest.decode(value).fieldViolations) into.violations.push({ field, description });
  } else if (typeUrl === `${TYPE_PREFIX}RetryInfo`) {
    const delay = RetryInfo.decode(value).retryDelay;
    if (delay) into.retryDelayMs = Number(delay.seconds) * 1000 + delay.nanos / 1e6;
  }
}
