import { jest } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { type LoginAttempt, OidcLogin } from '../src/index.js';
import { FormBrowser } from '../src/testing.js';

const REDIRECT_URI = 'http://console.test/login/callback';
let server: Server;
let issuer: string;
let nowMs: number;
let login: OidcLogin;

// oidc-provider warns of its own development pages, which is what this is about.
beforeAll(async () => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  jest.spyOn(console, 'info').mockImplementation(() => undefined);
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'console', client_secret: 'secret', redirect_uris: [REDIRECT_URI], post_logout_redirect_uris: ['http://console.test/'], grant_types: ['authorization_code', 'refresh_token'] }],
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id, name: 'Alice' }) }),
  });
  server.on('request', provider.callback());
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  jest.restoreAllMocks();
});
beforeEach(async () => {
  nowMs = Date.now();
  login = await OidcLogin.discover({ issuer, clientId: 'console', clientSecret: 'secret', redirectUri: REDIRECT_URI, now: () => nowMs });
});

/** What a person does, up to the address to which the issuer sends the browser back. */
async function passThrough(url: string, browser = new FormBrowser(REDIRECT_URI)): Promise<string> {
  let page = await browser.open(url);
  if (/name="login"/.test(page.html)) page = await browser.submit(page, { login: 'alice', password: 'any' });
  if (!page.url.startsWith(REDIRECT_URI)) page = await browser.submit(page, {});
  expect(page.url).toMatch(/^http:\/\/console\.test\/login\/callback\?code=/);
  return page.url;
}

test('a person logs in, the session is renewed, and is ended at the issuer too', async () => {
  const { url, attempt } = await login.start('/verdicts?release=x');
  expect(attempt.returnTo).toBe('/verdicts?release=x');
  const session = await login.finish(await passThrough(url), JSON.parse(JSON.stringify(attempt)) as LoginAttempt);
  expect(session).toMatchObject({ subject: 'alice', accessToken: expect.any(String), refreshToken: expect.any(String) });
  expect(session.accessTokenEndsAtMs).toBeGreaterThan(nowMs);
  const renewed = await login.refresh(session);
  expect(renewed.accessToken).not.toBe(session.accessToken);
  expect(renewed).toMatchObject({ subject: 'alice' });
  const logout = new URL(login.logoutUrl(renewed, 'http://console.test/') ?? '');
  expect([logout.origin, logout.searchParams.get('post_logout_redirect_uri'), logout.searchParams.get('id_token_hint')]).toEqual([issuer, 'http://console.test/', renewed.idToken]);
});

test('a refresh token that was used before ends the session', async () => {
  const { url, attempt } = await login.start();
  const session = await login.finish(await passThrough(url), attempt);
  await login.refresh(session);
  await expect(login.refresh(session)).rejects.toMatchObject({ reason: 'SESSION_ENDED', facts: { problem: 'invalid_grant' } });
  await expect(login.refresh({ ...session, refreshToken: undefined } as never)).rejects.toMatchObject({ reason: 'SESSION_ENDED' });
});

test.each<[string, (attempt: LoginAttempt) => LoginAttempt]>([
  ['state', (attempt) => ({ ...attempt, state: 'x'.repeat(43) })],
  ['nonce', (attempt) => ({ ...attempt, nonce: 'x'.repeat(43) })],
  ['code verifier', (attempt) => ({ ...attempt, codeVerifier: 'x'.repeat(43) })],
])('a callback of another %s is refused', async (_name, alter) => {
  const { url, attempt } = await login.start();
  await expect(login.finish(await passThrough(url), alter(attempt))).rejects.toMatchObject({ reason: 'LOGIN_FAILED' });
});

test('a code works once', async () => {
  const { url, attempt } = await login.start();
  const callback = await passThrough(url);
  await login.finish(callback, attempt);
  await expect(login.finish(callback, attempt)).rejects.toMatchObject({ reason: 'LOGIN_FAILED', facts: { problem: 'invalid_grant' } });
});

test('who refuses, or takes too long, is not logged in', async () => {
  const { attempt } = await login.start();
  const refused = `${REDIRECT_URI}?error=access_denied&state=${attempt.state}&iss=${encodeURIComponent(issuer)}`;
  await expect(login.finish(refused, attempt)).rejects.toMatchObject({ reason: 'LOGIN_FAILED', facts: { problem: 'access_denied' } });
  nowMs += 600_001;
  await expect(login.finish(`${REDIRECT_URI}?code=x&state=${attempt.state}`, attempt)).rejects.toMatchObject({ reason: 'LOGIN_FAILED', facts: { problem: 'the login took too long' } });
});

test.each(['//evil.test', '/\\evil.test', 'https://evil.test', 'javascript:alert(1)', '/a b', `/${'x'.repeat(2_000)}`])('%s is no place to return to', async (path) => {
  expect((await login.start(path)).attempt.returnTo).toBe('/');
});

test('an issuer that is not there, or is reached in the clear, is told at the start', async () => {
  const config = { clientId: 'console', redirectUri: REDIRECT_URI };
  await expect(OidcLogin.discover({ ...config, issuer: 'http://127.0.0.1:9' })).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  await expect(OidcLogin.discover({ ...config, issuer: 'http://sso.test' })).rejects.toMatchObject({ reason: 'CONFIG_INVALID' });
});
