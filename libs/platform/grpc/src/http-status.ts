import { DomainError, type ErrorKind, isDomainError } from '@stella/errors';

const STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  'not-found': 404,
  conflict: 409,
  precondition: 412,
  unauthenticated: 401,
  denied: 403,
  exhausted: 429,
  unavailable: 503,
  deadline: 504,
  cancelled: 499,
  'data-loss': 500,
  internal: 500,
};

export function httpStatusOf(error: unknown): { readonly status: number; readonly body: object } {
  const { kind, reason, message, facts, next } = isDomainError(error) ? error : new DomainError('INTERNAL');
  return { status: STATUS[kind], body: { reason, message, facts, next } };
}
