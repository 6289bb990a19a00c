import { types } from 'node:util';
import { DomainError } from '@stella/errors';

// grpc-js tells it in words only, without the code of the system error.
const IN_USE = /\bEADDRINUSE: address already in use (?<address>[^\s\]]+)/;

/** What to tell when another program listens where this one should; undefined for any other failure. */
export function portInUse(error: unknown): DomainError | undefined {
  const address = types.isNativeError(error) ? IN_USE.exec(error.message)?.groups?.address : undefined;
  return address === undefined ? undefined : new DomainError('PORT_IN_USE', { address }, { cause: error });
}
