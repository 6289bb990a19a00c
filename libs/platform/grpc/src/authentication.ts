import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { DomainError } from '@stella/errors';
import type { Authenticator, Principal } from '@stella/platform-auth';
import { statusOf } from './status.js';

/** Asked by load balancers and tools, which have no tokens; they tell nothing of any tenant. */
const OPEN = ['/grpc.health.v1.Health/', '/grpc.reflection.'];
/** A service names the tenant that it acts for, a person in several tenants the one that is meant; else it is refused. */
export const TENANT_KEY = 'stella-tenant';
const TENANT = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const principals = new WeakMap<Metadata, Principal>();

/** Lets nobody through whom the authenticator does not know; runs before anything else looks at the request. */
export function authenticationInterceptor(authenticator: Authenticator): ServerInterceptor {
  return (method, call) => {
    if (OPEN.some((prefix) => method.path.startsWith(prefix))) return new ServerInterceptingCall(call);
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata: Metadata, forward: (metadata: Metadata) => void) {
            authenticator
              .authenticate(metadata.get('authorization')[0]?.toString())
              .then((principal) => {
                principals.set(metadata, actingFor(principal, metadata.get(TENANT_KEY)[0]?.toString()));
                forward(metadata);
              })
              .catch((error: unknown) => call.sendStatus(statusOf(error)));
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

function actingFor(principal: Principal, tenant: string | undefined): Principal {
  if (tenant === undefined || tenant === principal.tenant) return principal;
  if (principal.tenants?.includes(tenant) === true) return { ...principal, tenant };
  if (!principal.roles.includes('service') || !TENANT.test(tenant)) {
    throw new DomainError('PERMISSION_DENIED', { action: 'act for another tenant', subject: principal.subject });
  }
  return { ...principal, tenant };
}
