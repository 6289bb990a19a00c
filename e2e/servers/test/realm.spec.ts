import { readFileSync } from 'node:fs';
import { testOrganisations } from '../keycloak/organisations.mjs';
import { testRealm } from '../keycloak/overlay.mjs';

const file = readFileSync(new URL('../../../deploy/keycloak/stella-realm.json', import.meta.url), 'utf8');
const realm = JSON.parse(file) as { clients: { clientId: string; publicClient?: boolean; fullScopeAllowed?: boolean; directAccessGrantsEnabled?: boolean; implicitFlowEnabled?: boolean; standardFlowEnabled?: boolean; attributes?: Record<string, string> }[]; users: object[] };

test('the realm holds no secret and no person', () => {
  expect(file).not.toMatch(/"(secret|credentials|privateKey|password|value)"\s*:/);
  for (const user of realm.users) expect(user).toHaveProperty('serviceAccountClientId');
});

test('every client has the least: no password grant, no implicit flow, no roles that it was not given, PKCE where a browser is used', () => {
  for (const { clientId, fullScopeAllowed, directAccessGrantsEnabled, implicitFlowEnabled, standardFlowEnabled, attributes } of realm.clients) {
    expect({ clientId, fullScopeAllowed, directAccessGrantsEnabled, implicitFlowEnabled }).toEqual({ clientId, fullScopeAllowed: false, directAccessGrantsEnabled: false, implicitFlowEnabled: false });
    if (standardFlowEnabled) expect(attributes).toMatchObject({ 'pkce.code.challenge.method': 'S256' });
  }
});

test('a variable that the tests do not know is an error, not a literal text', () => {
  const [organisation] = testOrganisations([]);
  if (organisation === undefined) throw new Error('there is no organisation');
  expect(() => testRealm('{"realm": "${STELLA_NEW}"}', organisation)).toThrow(/STELLA_NEW/);
});
