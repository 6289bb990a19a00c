import { DomainError } from '@stella/errors';
import type { JWTPayload } from 'jose';
import { type Principal, type Role, ROLES } from './principal.js';

/** Where an issuer puts what a principal is made of; dots descend into objects. */
export interface ClaimPaths {
  readonly tenant: string;
  readonly organisation: string;
  readonly roles: string;
}

export const STELLA_CLAIMS: ClaimPaths = { tenant: 'stella_tenant', organisation: 'stella_organisation', roles: 'stella_roles' };

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** Roles that the product does not know are dropped: they belong to others. @throws DomainError `UNAUTHENTICATED` */
export function principalOf(payload: JWTPayload, paths: ClaimPaths): Principal {
  const roles = at(payload, paths.roles);
  return {
    subject: named('sub', payload.sub),
    tenant: named(paths.tenant, at(payload, paths.tenant)),
    organisation: named(paths.organisation, at(payload, paths.organisation)),
    roles: Array.isArray(roles) ? ROLES.filter((role: Role) => roles.includes(role)) : [],
  };
}

function at(payload: JWTPayload, path: string): unknown {
  let value: unknown = payload;
  for (const member of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, member)) return undefined;
    value = (value as Record<string, unknown>)[member];
  }
  return value;
}

function named(claim: string, value: unknown): string {
  if (typeof value === 'string' && NAME.test(value)) return value;
  throw new DomainError('UNAUTHENTICATED', { problem: 'the token lacks a claim', claim });
}
