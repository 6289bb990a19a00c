import { DomainError } from '@stella/errors';

/** SQLSTATE codes, PostgreSQL manual, appendix A. */
const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const QUERY_CANCELED = '57014';
const LOCK_NOT_AVAILABLE = '55P03';
const IDLE_IN_TRANSACTION_TIMEOUT = '25P03';
const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';
const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', '57P01', '57P02', '57P03', '08000', '08003', '08006', '53300']);

/** `invalid_authorization_specification`, `invalid_password`, `invalid_catalog_name`, and what Node says of certificates. */
const REFUSED = /^(?:28000|28P01|3D000|CERT_\w+|ERR_TLS_\w+|ERR_SSL_\w+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;
const NO_TLS = /does not support SSL connections/;

interface PgError {
  readonly code?: string;
  readonly constraint?: string;
  readonly message: string;
}

export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const { code, constraint: broken } = error as PgError;
  return code === UNIQUE_VIOLATION && (constraint === undefined || constraint === broken);
}

export function isForeignKeyViolation(error: unknown, constraint?: string): boolean {
  const { code, constraint: broken } = error as PgError;
  return code === FOREIGN_KEY_VIOLATION && (constraint === undefined || constraint === broken);
}

export function isContention(error: unknown): boolean {
  const { code } = error as PgError;
  return code === SERIALIZATION_FAILURE || code === DEADLOCK_DETECTED;
}

export function isIdleTimeout(error: unknown): boolean {
  return (error as PgError | undefined)?.code === IDLE_IN_TRANSACTION_TIMEOUT;
}

/** The pool's own time-out: it tells not whether the server was silent or all connections were in use. */
export function isPoolTimeout(error: unknown): boolean {
  return /timeout exceeded when trying to connect/i.test((error as PgError).message ?? '');
}

export function isConnectionLoss(error: unknown): boolean {
  const { code, message } = error as PgError;
  return UNREACHABLE.has(code ?? '') || /connection terminated|timeout expired|timeout exceeded when trying to connect|client has encountered a connection error|not queryable/i.test(message ?? '');
}

/** A driver's error as a DomainError where it is not the statement's own fault; anything else unchanged. */
export function translate(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  if ((error as PgError).code === QUERY_CANCELED) return new DomainError('STATEMENT_TIMEOUT', {}, { cause: error });
  if ((error as PgError).code === LOCK_NOT_AVAILABLE) return new DomainError('LOCK_TIMEOUT', {}, { cause: error });
  if (isIdleTimeout(error)) return new DomainError('TRANSACTION_IDLE', {}, { cause: error });
  const { code = '', message } = error as PgError;
  if (REFUSED.test(code)) return new DomainError('DATABASE_REFUSED', { code }, { cause: error });
  if (NO_TLS.test(message)) return new DomainError('DATABASE_REFUSED', { code: 'NO_TLS' }, { cause: error });
  if (isConnectionLoss(error)) return new DomainError('DATABASE_UNAVAILABLE', {}, { cause: error });
  return error;
}
