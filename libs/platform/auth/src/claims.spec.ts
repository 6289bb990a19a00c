import { keycloakClaims, STELLA_CLAIMS } from './index.js';
import { principalOf } from './claims.js';

const own = { sub: 'alice', stella_tenant: 'acme', stella_organisation: 'acme.example', stella_roles: ['operator', 'somebody-elses'] };
const keycloak = keycloakClaims('stella.api', 'acme.example');

test('our own claims make a principal; roles that are not ours are dropped', () => {
  expect(principalOf(own, STELLA_CLAIMS)).toEqual({ subject: 'alice', tenant: 'acme', organisation: 'acme.example', roles: ['operator'] });
});

test('a token of plain Keycloak does too: realm roles, roles of a client whose name has dots, groups as tenants', () => {
  const payload = {
    sub: 'f3c9',
    realm_access: { roles: ['stella-operator', 'offline_access', 'operator'] },
    resource_access: { 'stella.api': { roles: ['stella-auditor'] }, account: { roles: ['stella-service'] } },
    groups: ['/staff', '/tenants/acme', '/tenants/other', '/tenants/acme', '/tenants/../x'],
  };
  expect(principalOf(payload, keycloak)).toEqual({ subject: 'f3c9', tenant: 'acme', organisation: 'acme.example', roles: ['auditor', 'operator'], tenants: ['acme', 'other'] });
});

test.each([
  ['no subject', { ...own, sub: undefined }, 'sub'],
  ['no tenant', { ...own, stella_tenant: undefined }, 'stella_tenant'],
  ['a tenant that is no name', { ...own, stella_tenant: '../etc' }, 'stella_tenant'],
  ['an object as tenant', { ...own, stella_tenant: { acme: true } }, 'stella_tenant'],
  ['no organisation', { ...own, stella_organisation: null }, 'stella_organisation'],
])('%s is no principal', (_name, payload, claim) => {
  expect(() => principalOf(payload as never, STELLA_CLAIMS)).toThrow(expect.objectContaining({ reason: 'UNAUTHENTICATED', facts: expect.objectContaining({ claim }) }));
});

test('groups outside of the prefix are no tenants, and roles that are no list are none', () => {
  expect(() => principalOf({ sub: 'a', groups: ['/acme'] }, keycloak)).toThrow(expect.objectContaining({ reason: 'UNAUTHENTICATED' }));
  expect(principalOf({ ...own, stella_roles: 'operator' }, STELLA_CLAIMS).roles).toEqual([]);
});

test('a token with a hundred tenants is taken, with one more it is not', () => {
  const groups = Array.from({ length: 101 }, (_, n) => `/tenants/t${n}`);
  expect(principalOf({ sub: 'a', groups: groups.slice(1) }, keycloak).tenants).toHaveLength(100);
  expect(() => principalOf({ sub: 'a', groups }, keycloak)).toThrow(expect.objectContaining({ reason: 'UNAUTHENTICATED' }));
});
