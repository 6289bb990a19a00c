/** Why a request could not be served, in the terms of google.rpc.Code; the transport layer turns it into a status. */
export type ErrorKind =
  | 'invalid'
  | 'not-found'
  | 'conflict'
  | 'precondition'
  | 'unauthenticated'
  | 'denied'
  | 'exhausted'
  | 'unavailable'
  | 'deadline'
  | 'cancelled'
  | 'data-loss'
  | 'internal';

/** `says` is one sentence without facts; `next` is what the caller can do about it. */
export interface ReasonEntry {
  readonly kind: ErrorKind;
  readonly says: string;
  readonly next: string;
}
