import { secret } from '../lib/secrets.mjs';

export const HUMAN_ROLES = ['contributor', 'maintainer', 'moderator', 'auditor', 'operator'];
const PUBLIC_CLIENTS = ['console', 'cli'];
/** Each runs an installation of its own, with an issuer of its own. */
const ORGANISATIONS = { acme: 'acme.example', globex: 'globex.example' };
/** A third realm is the file as it is shipped, filled in by Keycloak itself. */
export const AS_SHIPPED = { realm: 'stella', variables: { STELLA_ORGANISATION: 'initech.example', STELLA_CONSOLE_URL: 'https://console.initech.example' } };

/**
 * @typedef {object} TestOrganisation
 * @property {string} realm
 * @property {string} organisation
 * @property {string} tenant of its services and of all its people but `outsider`
 * @property {Readonly<Record<string, { clientId: string, clientSecret?: string }>>} clients by client id, and `test`
 * @property {Readonly<Record<string, { username: string, password: string, tenant: string, organisation: string, roles: readonly string[] }>>} users
 *   a person of each role by its name, and `outsider`, a contributor of another tenant
 */

/** @param {readonly string[]} confidentialClients ids @returns {TestOrganisation[]} */
export function testOrganisations(confidentialClients) {
  return Object.entries(ORGANISATIONS).map(([realm, organisation]) => ({
    realm,
    organisation,
    tenant: organisation,
    clients: clientsOf(realm, confidentialClients),
    users: usersOf(realm, organisation),
  }));
}

/** The second tenant of an organisation. */
export function labsOf(organisation) {
  return `labs.${organisation}`;
}

function clientsOf(realm, confidential) {
  const withSecret = [...confidential, 'test'].map((clientId) => [clientId, { clientId, clientSecret: secret(`oidc-${realm}-client-${clientId}`) }]);
  return Object.fromEntries([...withSecret, ...PUBLIC_CLIENTS.map((clientId) => [clientId, { clientId }])]);
}

function usersOf(realm, organisation) {
  const user = (username, tenant, roles) => [username, { username, password: secret(`oidc-${realm}-user-${username}`), tenant, organisation, roles }];
  return Object.fromEntries([...HUMAN_ROLES.map((role) => user(role, organisation, [role])), user('outsider', labsOf(organisation), ['contributor'])]);
}
