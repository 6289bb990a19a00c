import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { DomainError } from '@stella/errors';
import type { Authenticator, Principal } from '@stella/platform-auth';
import { statusOf } from './status.js';

/** Asked by load balancers and tools, which have no tokens; they tell nothing of any tenant. */
const OPEN = ['/grpc.health.v1.Health/', '/grpc.reflection.'];
const principals = new WeakMap<Metadata, Principal>();

/** Lets nobody through whom the authenticator does not know; runs before anything else looks at the request. */
export function authenticationInterceptor(authenticator: Authenticator): ServerInterceptor {
  return (method, call) => {
    if (OPEN.some((prefix) => method.path.startsWith(prefix))) return new ServerInterceptingCall(call);
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata: Metadata, forward: (metadata: Metadata) => void) {
            authenticator.authenticate(metadata.get('authorization')[0]?.toString()).then(
              (principal) => {
                principals.set(metadata, principal);
                forward(metadata);
              },
              (error: unknown) => call.sendStatus(statusOf(error)),
            );
          },
        } as never);
      },
    });
  };
}

/** Who sent this call. @throws DomainError `UNAUTHENTICATED` where the call did not pass the interceptor */
export function principalOf(metadata: Metadata): Principal {
  const principal = principals.get(metadata);
  if (!principal) throw new DomainError('UNAUTHENTICATED', { problem: 'no principal on this call' });
  return principal;
}
