import { HUMAN_ROLES, labsOf } from './organisations.mjs';

const API = 'urn:stella:api';

/**
 * The realm of `deploy/keycloak` as one test organisation has it: its variables filled in, a known secret for each
 * confidential client, a second tenant, a person of each role, and a client by which tests get such a person's token.
 * @param {string} realmFile the content of `stella-realm.json`
 * @param {import('./organisations.mjs').TestOrganisation} organisation
 */
export function testRealm(realmFile, organisation) {
  const realm = JSON.parse(withVariables(realmFile, { STELLA_ORGANISATION: organisation.organisation, STELLA_CONSOLE_URL: 'http://127.0.0.1' }));
  realm.realm = organisation.realm;
  // Quick to check, where a production realm's passwords are made to be slow.
  realm.passwordPolicy = 'hashAlgorithm(pbkdf2-sha256) and hashIterations(1000)';
  for (const client of realm.clients) {
    if (!client.publicClient && !client.bearerOnly) client.secret = organisation.clients[client.clientId].clientSecret;
  }
  realm.clients.push(loginClient(organisation.clients.test));
  realm.clientScopeMappings[API].push({ client: organisation.clients.test.clientId, roles: HUMAN_ROLES });
  const labs = labsOf(organisation.organisation);
  realm.groups[0].subGroups.push({ name: labs, attributes: { stella_tenant: [labs], stella_organisation: [organisation.organisation] } });
  realm.users.push(...Object.values(organisation.users).map(person));
  return realm;
}

/** `${NAME}`, as Keycloak itself replaces them. */
function withVariables(text, variables) {
  return text.replace(/\$\{(STELLA_[A-Z_]+)\}/g, (_whole, name) => {
    if (!Object.hasOwn(variables, name)) throw new Error(`the realm has a variable ${name} that the tests do not fill in`);
    return variables[name];
  });
}

function loginClient({ clientId, clientSecret }) {
  return {
    clientId,
    secret: clientSecret,
    enabled: true,
    protocol: 'openid-connect',
    publicClient: false,
    fullScopeAllowed: false,
    standardFlowEnabled: false,
    directAccessGrantsEnabled: true,
    defaultClientScopes: ['basic', 'stella', 'profile', 'email'],
    optionalClientScopes: [],
  };
}

function person({ username, password, tenant, organisation, roles }) {
  return {
    username,
    email: `${username}@${organisation}`,
    emailVerified: true,
    // Without a name the first login asks for one.
    firstName: username,
    lastName: 'Test',
    enabled: true,
    credentials: [{ type: 'password', value: password }],
    clientRoles: { [API]: roles },
    groups: [`/tenants/${tenant}`],
  };
}
