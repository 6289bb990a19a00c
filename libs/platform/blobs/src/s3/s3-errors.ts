import { DomainError } from '@stella/errors';

const NOT_FOUND = new Set(['NoSuchKey', 'NotFound']);
const DENIED = new Set(['AccessDenied', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken', 'InvalidToken', 'RequestTimeTooSkewed', 'AccountProblem', 'AllAccessDisabled']);
const FULL = new Set(['XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded', 'QuotaExceeded', 'InsufficientStorage', 'ServiceQuotaExceeded']);
const TRANSIENT_CODES = new Set([
  ...['SlowDown', 'ServiceUnavailable', 'InternalError', 'RequestTimeout', 'OperationAborted', 'ConditionalRequestConflict', 'XMinioServerNotInitialized'],
  ...['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_HTTP_REQUEST_TIMEOUT'],
]);
const TRANSIENT_STATUS = new Set([408, 429, 499, 500, 502, 503, 504, 520]);

/** An answer that minio's own client would swallow while it tries again by itself. */
export class S3StatusError extends Error {
  override readonly name = 'S3StatusError';

  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(`S3 answered ${status} ${code}`);
  }
}

export function isTransientStatus(status: number): boolean {
  return TRANSIENT_STATUS.has(status);
}

export function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' && code !== '' ? code : typeof name === 'string' ? name : 'unknown';
}

/** True where the same request may succeed in a moment. */
export function isTransient(error: unknown): boolean {
  if (error instanceof DomainError) return false;
  return error instanceof S3StatusError || TRANSIENT_CODES.has(codeOf(error)) || /socket hang up|aborted/.test((error as Error).message ?? '');
}

export function isAbsent(error: unknown): boolean {
  return NOT_FOUND.has(codeOf(error));
}

/** Somebody else was first, or a condition on the source does not hold. */
export function isPreconditionFailed(error: unknown): boolean {
  return codeOf(error) === 'PreconditionFailed';
}

/** What the store said, in the terms of the catalogue. */
export function translateS3(error: unknown, bucket: string, endpoint: string): unknown {
  if (error instanceof DomainError) return error;
  const code = codeOf(error);
  const facts = { part: 'blob store', endpoint, bucket, code };
  if (/^Invalid\w*Error$/.test(code)) return new DomainError('CONFIG_INVALID', { problems: `the blob store: ${(error as Error).message}` }, { cause: error });
  if (FULL.has(code)) return new DomainError('BLOB_STORE_FULL', { bucket, code }, { cause: error });
  if (code === 'NoSuchBucket') return new DomainError('BLOB_BUCKET_MISSING', facts, { cause: error });
  if (DENIED.has(code)) return new DomainError('BLOB_STORE_DENIED', facts, { cause: error });
  return new DomainError('UNAVAILABLE', facts, { cause: error });
}
