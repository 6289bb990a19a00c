import type { Metadata } from '@grpc/grpc-js';
import { DomainError } from '@stella/errors';
import type { Authenticator, Principal } from '@stella/platform-auth';

/** Asked by load balancers and tools, which have no tokens; they tell nothing of any tenant. */
const OPEN = ['/grpc.health.v1.Health/', '/grpc.reflection.'];
/** A service names the tenant that it acts for, a person in several tenants the one that is meant; else it is refused. */
export const TENANT_KEY = 'stella-tenant';
const TENANT = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const principals = new WeakMap<Metadata, Principal>();

/**
 * Lets nobody through whom the authenticator does not know; runs before anything else looks at the request. At once for a
 * caller who is remembered.
 */
export function identify(authenticator: Authenticator, path: string, metadata: Metadata, forward: () => void, refuse: (error: unknown) => void): void {
  if (OPEN.some((prefix) => path.startsWith(prefix))) return forward();
  const authorization = metadata.get('authorization')[0]?.toString();
  const admit = (principal: Principal): void => {
    try {
      principals.set(metadata, actingFor(principal, metadata.get(TENANT_KEY)[0]?.toString()));
    } catch (error) {
      return refuse(error);
    }
    forward();
  };
  const remembered = authenticator.remembered?.(authorization);
  if (remembered !== undefined) return admit(remembered);
  authenticator.authenticate(authorization).then(admit, refuse);
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
