import { ClientCredentialsSource, IssuerMetadata, keycloakClaims, OidcLogin, TokenVerifier } from '@stella/platform-auth';
import { FormBrowser } from '@stella/platform-auth/testing';
import { decodeProtectedHeader } from 'jose';
import { type Addresses, killServer, useServers } from '../servers/index.mjs';
import { KeycloakAdmin } from './support/keycloak-admin.js';

const CALLBACK = 'http://127.0.0.1/login/callback';
const MINUTE_MS = 60_000;
let oidc: Addresses['oidc'];
let nowMs: number;
let verifier: TokenVerifier;
beforeAll(async () => {
  ({ oidc } = await useServers(['oidc']));
}, 1_800_000);
beforeEach(() => {
  nowMs = Date.now();
  verifier = verifierOf();
});

function verifierOf(audience = oidc.audience): TokenVerifier {
  // Only the age of the keys goes by this clock.
  return TokenVerifier.ofIssuer({ issuer: oidc.issuer, now: () => nowMs }, { audience });
}

function tokensOf(clientId: string): ClientCredentialsSource {
  const { clientSecret = '' } = oidc.clients[clientId] ?? {};
  return new ClientCredentialsSource({ tokenEndpoint: new IssuerMetadata({ issuer: oidc.issuer }), clientId, clientSecret, audience: oidc.audience });
}

async function tokenOf(user: string, { issuer, clients, users }: Pick<Addresses['oidc'], 'issuer' | 'clients' | 'users'> = oidc): Promise<string> {
  const { clientId = '', clientSecret = '' } = clients['test'] ?? {};
  const { username = '', password = '' } = users[user] ?? {};
  const body = new URLSearchParams({ grant_type: 'password', client_id: clientId, client_secret: clientSecret, username, password });
  const response = await fetch(`${issuer}/protocol/openid-connect/token`, { method: 'POST', body });
  const { access_token: token } = (await response.json()) as { access_token: string };
  return `Bearer ${token}`;
}

const kidOf = (authorization: string) => decodeProtectedHeader(authorization.replace('Bearer ', '')).kid;
const { organisation, tenant } = { organisation: 'acme.example', tenant: 'acme.example' };

describe('a token of Keycloak', () => {
  test('says what a service is, by client credentials', async () => {
    await expect(verifier.authenticate(await tokensOf('service-gate').authorization())).resolves.toEqual({ subject: expect.any(String), tenant, organisation, roles: ['service'] });
  });

  test('says what a person is, and in which tenant', async () => {
    await expect(verifier.authenticate(await tokenOf('maintainer'))).resolves.toMatchObject({ tenant, organisation, roles: ['maintainer'] });
    await expect(verifier.authenticate(await tokenOf('outsider'))).resolves.toMatchObject({ tenant: 'labs.acme.example', organisation, roles: ['contributor'] });
  });

  test('is refused with another audience, of another realm, or altered', async () => {
    const token = await tokenOf('auditor');
    const refused = { reason: 'UNAUTHENTICATED' };
    await expect(verifierOf('urn:other').authenticate(token)).rejects.toMatchObject(refused);
    const [, globex] = oidc.organisations;
    await expect(verifier.authenticate(await tokenOf('auditor', globex))).rejects.toMatchObject(refused);
    await expect(verifier.authenticate(`${token.slice(0, -2)}${token.endsWith('AA') ? 'BB' : 'AA'}`)).rejects.toMatchObject(refused);
  });

  test('without our mappers lacks a tenant, and is read by the claims of plain Keycloak', async () => {
    const plain = TokenVerifier.ofIssuer({ issuer: oidc.issuer }, { audience: oidc.audience, claims: { ...keycloakClaims('urn:stella:api', organisation) } });
    await expect(plain.authenticate(await tokenOf('auditor'))).rejects.toMatchObject({ reason: 'UNAUTHENTICATED', facts: { claim: 'groups' } });
  });

  test('is not given for a wrong secret', async () => {
    const wrong = new ClientCredentialsSource({ tokenEndpoint: new IssuerMetadata({ issuer: oidc.issuer }), clientId: 'service-gate', clientSecret: 'wrong' });
    await expect(wrong.authorization()).rejects.toMatchObject({ reason: 'UNAUTHENTICATED', facts: { clientId: 'service-gate', problem: expect.stringMatching(/client/) } });
  });
});

describe('the login of the console', () => {
  test('a person logs in by form, calls as that person, stays logged in, and logs out everywhere', async () => {
    const login = await OidcLogin.discover({ issuer: oidc.issuer, clientId: 'console', redirectUri: CALLBACK });
    const { url, attempt } = await login.start('/packs');
    const browser = new FormBrowser(CALLBACK);
    const form = await browser.open(url);
    const wrong = await browser.submit(form, { username: 'maintainer', password: 'not it' });
    expect(wrong.url).not.toContain(CALLBACK);
    const { username = '', password = '' } = oidc.users['maintainer'] ?? {};
    const { url: callback } = await browser.submit(wrong, { username, password });
    const session = await login.finish(callback, attempt);
    expect(session).toMatchObject({ name: 'maintainer', refreshToken: expect.any(String) });
    await expect(verifier.authenticate(`Bearer ${session.accessToken}`)).resolves.toMatchObject({ subject: session.subject, tenant, roles: ['maintainer'] });
    // Its ID token is not for the API.
    await expect(verifier.authenticate(`Bearer ${session.idToken}`)).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
    const renewed = await login.refresh(session);
    expect(renewed.accessToken).not.toBe(session.accessToken);
    const logout = await new FormBrowser('http://127.0.0.1/').open(login.logoutUrl(renewed, 'http://127.0.0.1/') ?? '');
    expect(logout.url).toMatch(/^http:\/\/127\.0\.0\.1\/(\?|$)/);
    await expect(login.refresh(renewed)).rejects.toMatchObject({ reason: 'SESSION_ENDED' });
  });

  test('a callback of another attempt is refused', async () => {
    const login = await OidcLogin.discover({ issuer: oidc.issuer, clientId: 'console', redirectUri: CALLBACK });
    const [{ url }, { attempt }] = [await login.start(), await login.start()];
    const browser = new FormBrowser(CALLBACK);
    const { username = '', password = '' } = oidc.users['auditor'] ?? {};
    const { url: callback } = await browser.submit(await browser.open(url), { username, password });
    await expect(login.finish(callback, attempt)).rejects.toMatchObject({ reason: 'LOGIN_FAILED' });
  });
});

describe('keys and outages', () => {
  test('keys are rotated while everything runs: new tokens are taken at once, those of a removed key no longer', async () => {
    const admin = await KeycloakAdmin.login(oidc);
    const before = await tokenOf('operator');
    await verifier.authenticate(before);
    const [old = ''] = await admin.keyProviders();
    // Higher than whatever an earlier run left.
    const priority = Math.floor(Date.now() / 1_000);
    const added = await admin.addKey(priority);
    try {
      const after = await tokenOf('operator');
      expect(kidOf(after)).not.toBe(kidOf(before));
      nowMs += MINUTE_MS;
      await expect(verifier.authenticate(after)).resolves.toMatchObject({ roles: ['operator'] });
      await expect(verifier.authenticate(before)).resolves.toMatchObject({ roles: ['operator'] });
      await admin.removeKey(old);
      nowMs += 10 * MINUTE_MS;
      await expect(verifier.authenticate(before)).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
      await expect(verifier.authenticate(after)).resolves.toMatchObject({ roles: ['operator'] });
    } finally {
      await admin.addKey(priority + 1);
      await admin.removeKey(added);
    }
  });

  test('while it is down, known keys go on, nobody new is taken for an impostor, and all goes on by itself when it is back', async () => {
    const tokens = tokensOf('service-frvf');
    const [known, stranger] = [await tokens.authorization(), verifierOf()];
    await verifier.authenticate(known);
    await killServer('oidc');
    nowMs += 30 * MINUTE_MS;
    await expect(verifier.authenticate(known)).resolves.toMatchObject({ roles: ['service'] });
    await expect(stranger.authenticate(known)).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    expect(await tokens.authorization()).toBe(known);
    await expect(tokensOf('service-frvf').authorization()).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
    ({ oidc } = await useServers(['oidc']));
    nowMs += MINUTE_MS;
    tokens.refused(known);
    await expect(stranger.authenticate(await tokens.authorization())).resolves.toMatchObject({ roles: ['service'] });
  }, 300_000);
});
