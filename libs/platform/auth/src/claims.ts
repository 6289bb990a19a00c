import { DomainError } from '@stella/errors';
import type { JWTPayload } from 'jose';
import { TENANTS_MAX } from './limits.js';
import { type Principal, type Role, ROLES } from './principal.js';

/**
 * Where an issuer puts what a principal is made of. A path is names with dots between them (`realm_access.roles`), or,
 * where names hold dots themselves, a JSON Pointer (RFC 6901: `/resource_access/stella.api/roles`).
 */
export interface ClaimPaths {
  /** A name, or a list of names and groups; the first one is the tenant, unless the caller chooses another. */
  readonly tenant: string;
  readonly organisation: string;
  /** Lists of role names; several places count together. */
  readonly roles: string | readonly string[];
  /** Of a list of groups only these are tenants, by the rest of their names: `/tenants/` makes `acme` of `/tenants/acme`. */
  readonly tenantPrefix?: string;
  /** Only roles that begin with it are ours, by the rest of their names. */
  readonly rolePrefix?: string;
  /** Of everybody whose token names none: an installation of one organisation. */
  readonly organisationDefault?: string;
}

export const STELLA_CLAIMS: ClaimPaths = { tenant: 'stella_tenant', organisation: 'stella_organisation', roles: 'stella_roles' };

/** Keycloak with nothing but its own mappers: realm roles, roles of the API's client, and groups `/tenants/<name>`. */
export function keycloakClaims(client: string, organisationDefault: string): ClaimPaths {
  const roles = ['realm_access.roles', `/resource_access/${client.replaceAll('~', '~0').replaceAll('/', '~1')}/roles`];
  return { tenant: 'groups', tenantPrefix: '/tenants/', organisation: 'stella_organisation', organisationDefault, roles, rolePrefix: 'stella-' };
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** Roles that the product does not know are dropped: they belong to others. @throws DomainError `UNAUTHENTICATED` */
export function principalOf(payload: JWTPayload, paths: ClaimPaths): Principal {
  const tenants = tenantsOf(at(payload, paths.tenant), paths);
  const organisation = at(payload, paths.organisation) ?? paths.organisationDefault;
  return {
    subject: named('sub', payload.sub),
    tenant: named(paths.tenant, tenants[0]),
    organisation: named(paths.organisation, organisation),
    roles: rolesOf(payload, paths),
    ...(tenants.length > 1 ? { tenants } : {}),
  };
}

function tenantsOf(claim: unknown, { tenant, tenantPrefix = '' }: ClaimPaths): string[] {
  const offered = Array.isArray(claim) ? claim : [claim];
  const names = offered.filter((name): name is string => typeof name === 'string' && name.startsWith(tenantPrefix)).map((name) => name.slice(tenantPrefix.length));
  const tenants = [...new Set(names.filter((name) => NAME.test(name)))];
  if (tenants.length > TENANTS_MAX) throw new DomainError('UNAUTHENTICATED', { problem: `the token names more than ${TENANTS_MAX} tenants`, claim: tenant });
  return tenants;
}

function rolesOf(payload: JWTPayload, { roles, rolePrefix = '' }: ClaimPaths): Role[] {
  const offered = [roles].flat().flatMap((path) => {
    const claim = at(payload, path);
    return Array.isArray(claim) ? (claim as unknown[]) : [];
  });
  return ROLES.filter((role) => offered.includes(`${rolePrefix}${role}`));
}

function at(payload: JWTPayload, path: string): unknown {
  const members = path.startsWith('/') ? path.slice(1).split('/').map((member) => member.replaceAll('~1', '/').replaceAll('~0', '~')) : path.split('.');
  let value: unknown = payload;
  for (const member of members) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return undefined;
    value = (value as Record<string, unknown>)[member];
  }
  return value;
}

function named(claim: string, value: unknown): string {
  if (typeof value === 'string' && NAME.test(value)) return value;
  throw new DomainError('UNAUTHENTICATED', { problem: 'the token lacks a claim', claim });
}
