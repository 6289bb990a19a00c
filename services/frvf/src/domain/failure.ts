import { DomainError } from '@stella/errors';
import { limits } from './limits.js';

export type OperationState = 'running' | 'done' | 'failed';

/** Why something ended without what it was for: a reason of the catalogue, and what was seen. */
export interface Failure {
  readonly reason: string;
  readonly detail: string;
}

export function failureOf(error: DomainError): Failure {
  return { reason: error.reason, detail: `${error.message} ${JSON.stringify(error.facts)}`.slice(0, limits.detailCharsMax) };
}
