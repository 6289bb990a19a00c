import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo } from '@stella/contracts/google/rpc/error_details';
import { Status } from '@stella/contracts/google/rpc/status';
import { currentTrace } from '@stella/platform-telemetry';
import { DomainError, GRPC_CODE_OF_KIND, isDomainError, REASONS, type Reason } from '@stella/errors';

const DOMAIN = 'stella-ops.org';
const DETAILS = 'grpc-status-details-bin';
const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';
/** HTTP/2 peers refuse long header lists (8 KiB is the common limit). */
const FACT_BYTES_MAX = 1024;

export interface StatusParts {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** What goes on the wire for any error (AIP-193); one that is not ours tells nothing of its inside. */
export function statusOf(error: unknown): StatusParts {
  const known = isDomainError(error) ? error : new DomainError('INTERNAL', traceFact());
  return parts(GRPC_CODE_OF_KIND[known.kind], known.message, [errorInfo(known)]);
}

/** By it the log's record of what happened inside is found. */
function traceFact(): Record<string, string> {
  const trace = currentTrace();
  return trace ? { traceId: trace.traceId } : {};
}

export function toServiceError(error: unknown): ServiceError {
  const status = statusOf(error);
  return Object.assign(new Error(status.details), status);
}

export function badRequest(violations: readonly FieldViolation[]): StatusParts {
  const error = new DomainError('REQUEST_INVALID', { fields: violations.map((v) => v.field).join(' ').slice(0, FACT_BYTES_MAX) });
  const fieldViolations = violations.slice(0, 20).map((v) => ({ ...v, reason: '', localizedMessage: undefined }));
  const detail = { typeUrl: BAD_REQUEST, value: Buffer.from(BadRequest.encode({ fieldViolations }).finish()) };
  return parts(status.INVALID_ARGUMENT, error.message, [errorInfo(error), detail]);
}

/** The DomainError that a peer of ours sent, or the one that fits a bare status. */
export function fromServiceError(error: unknown): DomainError {
  const { code, details, metadata } = error as Partial<ServiceError>;
  const raw = metadata?.get(DETAILS)[0];
  const info = raw instanceof Buffer ? decodeInfo(raw) : undefined;
  if (info && info.reason in REASONS) {
    return new DomainError(info.reason as Reason, info.metadata, { message: details, cause: error });
  }
  const facts = {
    ...(info ? { reason: info.reason } : {}),
    code: code === undefined ? 'none' : status[code],
    detail: String(details ?? error).slice(0, FACT_BYTES_MAX),
  };
  return new DomainError(fallbackReason(code), facts, { cause: error });
}

function fallbackReason(code: status | undefined): Reason {
  if (code === status.DEADLINE_EXCEEDED) return 'DEADLINE_EXCEEDED';
  if (code === status.CANCELLED) return 'CANCELLED';
  if (code === status.UNAUTHENTICATED) return 'UNAUTHENTICATED';
  if (code === status.PERMISSION_DENIED) return 'PERMISSION_DENIED';
  return code === status.UNAVAILABLE ? 'UNAVAILABLE' : 'REMOTE_FAILED';
}

function decodeInfo(raw: Buffer): ErrorInfo | undefined {
  const detail = Status.decode(raw).details.find(({ typeUrl }) => typeUrl === ERROR_INFO);
  return detail && ErrorInfo.decode(detail.value);
}

function errorInfo(error: DomainError) {
  const facts = Object.entries(error.facts).map(([name, value]) => [name, value.slice(0, FACT_BYTES_MAX)]);
  const info = { reason: error.reason, domain: DOMAIN, metadata: { ...Object.fromEntries(facts), next: error.next } };
  return { typeUrl: ERROR_INFO, value: Buffer.from(ErrorInfo.encode(info).finish()) };
}

function parts(code: status, message: string, details: { typeUrl: string; value: Buffer }[]): StatusParts {
  const metadata = new Metadata();
  metadata.set(DETAILS, Buffer.from(Status.encode({ code, message, details }).finish()));
  return { code, details: message, metadata };
}
