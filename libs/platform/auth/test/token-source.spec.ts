import { setTimeout as delay } from 'node:timers/promises';
import { ClientCredentialsSource, IssuerMetadata } from '../src/index.js';
import { ScriptedIssuer } from './scripted-issuer.js';

let issuer: ScriptedIssuer;
let nowMs: number;
let tokens: ClientCredentialsSource;
beforeEach(async () => {
  issuer = await ScriptedIssuer.start();
  nowMs = Date.now();
  tokens = source({ audience: 'urn:stella:api' });
});
afterEach(() => issuer.stop());

function source(changes: { audience?: string; scope?: string }): ClientCredentialsSource {
  return new ClientCredentialsSource({ tokenEndpoint: new IssuerMetadata({ issuer: issuer.issuer }), clientId: 'gate', clientSecret: 's', ...changes }, () => nowMs);
}
const answer = (status: number, body: object) => () => ({ status, body: JSON.stringify(body) });

test('a resource is named as RFC 8707 has it, or a scope is asked for, as Keycloak wants it', async () => {
  await tokens.authorization();
  expect(Object.fromEntries(new URLSearchParams(issuer.sent))).toEqual({ grant_type: 'client_credentials', resource: 'urn:stella:api' });
  await source({ scope: 'stella' }).authorization();
  expect(Object.fromEntries(new URLSearchParams(issuer.sent))).toEqual({ grant_type: 'client_credentials', scope: 'stella' });
});

test('one request serves all who wait; the token is renewed ahead of its end, and nobody waits for that', async () => {
  expect(new Set(await Promise.all([1, 2, 3].map(() => tokens.authorization())))).toEqual(new Set(['Bearer t1']));
  nowMs += 239_000;
  expect(await tokens.authorization()).toBe('Bearer t1');
  nowMs += 2_000;
  expect(await tokens.authorization()).toBe('Bearer t1');
  await delay(200);
  expect(await tokens.authorization()).toBe('Bearer t2');
  expect(issuer.asked['/token']).toBe(2);
});

test('while the issuer is down the present token is given to its end, and the issuer is not asked at every call', async () => {
  await tokens.authorization();
  issuer.fault = { status: 502, body: '{}' };
  nowMs += 250_000;
  for (let n = 0; n < 10; n++) {
    expect(await tokens.authorization()).toBe('Bearer t1');
    await delay(20);
  }
  expect(issuer.asked['/token']).toBe(2);
  nowMs += 60_000;
  await expect(tokens.authorization()).rejects.toMatchObject({ reason: 'UNAVAILABLE', facts: { problem: 'status 502' } });
  await expect(tokens.authorization()).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  expect(issuer.asked['/token']).toBe(3);
  issuer.fault = undefined;
  nowMs += 15_001;
  expect(await tokens.authorization()).toBe('Bearer t4');
});

test('a token that somebody refused is not given again', async () => {
  const first = await tokens.authorization();
  tokens.refused('Bearer another');
  expect(await tokens.authorization()).toBe(first);
  tokens.refused(first);
  expect(await tokens.authorization()).toBe('Bearer t2');
});

test.each([
  ['a wrong secret', answer(401, { error: 'invalid_client' }), 'UNAUTHENTICATED', 'invalid_client'],
  ['an answer without a token', answer(200, { token_type: 'Bearer' }), 'UNAUTHENTICATED', 'status 200'],
  ['too many requests', answer(429, {}), 'UNAVAILABLE', 'status 429'],
])('%s is told as such', async (_name, token, reason, problem) => {
  issuer.token = token;
  await expect(tokens.authorization()).rejects.toMatchObject({ reason, facts: { problem } });
});
