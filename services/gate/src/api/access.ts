import type { Metadata } from '@grpc/grpc-js';
import { isDomainError } from '@stella/errors';
import { type Action, authorize, type Principal } from '@stella/platform-auth';
import { principalOf } from '@stella/platform-grpc';
import type { BaselineWord } from '@stella/verdict';

/** Who calls, if he may. @throws DomainError PERMISSION_DENIED */
export function callerThatMay(action: Action, metadata: Metadata): Principal {
  const principal = principalOf(metadata);
  authorize(principal, action, { type: 'verdict', id: '*', tenant: principal.tenant });
  return principal;
}

export function may(action: Action, metadata: Metadata): boolean {
  try {
    callerThatMay(action, metadata);
    return true;
  } catch (error) {
    if (isDomainError(error, 'PERMISSION_DENIED')) return false;
    throw error;
  }
}

/** Whoever says that a build runs vouches for it: its author alone may not. @throws DomainError PERMISSION_DENIED */
export function baselineWord(basis: string, metadata: Metadata): BaselineWord {
  if (basis !== 'runs') return may('operate', metadata) ? 'authorised' : 'nobody';
  callerThatMay('operate', metadata);
  return 'runs';
}
