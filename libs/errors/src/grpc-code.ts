import type { ErrorKind } from './reason-entry.js';

/** Each kind as a number of google.rpc.Code, which is what goes on the wire. */
export const GRPC_CODE_OF_KIND = {
  cancelled: 1,
  invalid: 3,
  deadline: 4,
  'not-found': 5,
  conflict: 6,
  denied: 7,
  exhausted: 8,
  precondition: 9,
  internal: 13,
  unavailable: 14,
  'data-loss': 15,
  unauthenticated: 16,
} as const satisfies Record<ErrorKind, number>;
