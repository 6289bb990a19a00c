import { TokenVerifier } from '../src/index.js';
import { ScriptedIssuer } from './scripted-issuer.js';

const MINUTE_MS = 60_000;
let issuer: ScriptedIssuer;
let nowMs: number;
let verifier: TokenVerifier;
beforeEach(async () => {
  issuer = await ScriptedIssuer.start();
  nowMs = Date.now();
  verifier = TokenVerifier.ofIssuer({ issuer: issuer.issuer, now: () => nowMs }, { audience: 'urn:stella:api' });
});
afterEach(() => issuer.stop());
const alice = expect.objectContaining({ subject: 'alice' });
const gone = { status: 503, body: '{}' };

test('keys are found by discovery, and asked for once', async () => {
  const key = await issuer.newKey('a');
  issuer.keys = [key];
  const token = await issuer.tokenBy(key);
  const all = await Promise.all([1, 2, 3].map(() => verifier.authenticate(token)));
  expect(all).toEqual([alice, alice, alice]);
  expect(issuer.asked).toEqual({ '/.well-known/openid-configuration': 1, '/jwks': 1 });
});

test('a new key is taken when its first token comes, and a withdrawn one is refused after a while', async () => {
  const [old, next] = [await issuer.newKey('old'), await issuer.newKey('next')];
  issuer.keys = [old];
  await verifier.authenticate(await issuer.tokenBy(old));
  issuer.keys = [next];
  nowMs += MINUTE_MS;
  await expect(verifier.authenticate(await issuer.tokenBy(next))).resolves.toEqual(alice);
  await expect(verifier.authenticate(await issuer.tokenBy(old))).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
});

test('a withdrawn key that nothing drew attention to is refused after ten minutes', async () => {
  const old = await issuer.newKey('old');
  issuer.keys = [old];
  await verifier.authenticate(await issuer.tokenBy(old));
  issuer.keys = [await issuer.newKey('next')];
  nowMs += 9 * MINUTE_MS;
  await expect(verifier.authenticate(await issuer.tokenBy(old))).resolves.toEqual(alice);
  nowMs += MINUTE_MS;
  await expect(verifier.authenticate(await issuer.tokenBy(old))).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
});

test('invented key ids do not make us a burden to the issuer', async () => {
  const key = await issuer.newKey('a');
  issuer.keys = [key];
  await verifier.authenticate(await issuer.tokenBy(key));
  nowMs += MINUTE_MS;
  for (let n = 0; n < 20; n++) {
    await expect(verifier.authenticate(await issuer.tokenBy(await issuer.newKey(`invented-${n}`)))).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
  }
  expect(issuer.asked['/jwks']).toBe(2);
});

test('while the issuer is down the known keys go on for an hour; unknown ones are no refusal', async () => {
  const [known, unknown] = [await issuer.newKey('known'), await issuer.newKey('unknown')];
  issuer.keys = [known];
  await verifier.authenticate(await issuer.tokenBy(known));
  issuer.fault = gone;
  nowMs += 59 * MINUTE_MS;
  await expect(verifier.authenticate(await issuer.tokenBy(known))).resolves.toEqual(alice);
  await expect(verifier.authenticate(await issuer.tokenBy(unknown))).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  nowMs += 2 * MINUTE_MS;
  await expect(verifier.authenticate(await issuer.tokenBy(known))).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  issuer.fault = undefined;
  nowMs += MINUTE_MS;
  await expect(verifier.authenticate(await issuer.tokenBy(known))).resolves.toEqual(alice);
});

test('an issuer that never answered is asked in turns, not for every request', async () => {
  issuer.fault = gone;
  const token = await issuer.tokenBy(await issuer.newKey('a'));
  for (let n = 0; n < 10; n++) await expect(verifier.authenticate(token)).rejects.toMatchObject({ reason: 'UNAVAILABLE', facts: { problem: 'status 503' } });
  expect(issuer.asked['/.well-known/openid-configuration']).toBe(3);
});

test.each([
  ['answers for another issuer', () => void (issuer.metadata['issuer'] = 'https://other.test'), 'CONFIG_INVALID'],
  ['names no keys', () => void delete issuer.metadata['jwks_uri'], 'UNAVAILABLE'],
  ['names keys in a file', () => void (issuer.metadata['jwks_uri'] = 'file:///etc/passwd'), 'UNAVAILABLE'],
  ['answers no JSON', () => void (issuer.fault = { status: 200, body: '<html>' }), 'UNAVAILABLE'],
  ['answers without end', () => void (issuer.fault = { status: 200, body: JSON.stringify({ filler: 'x'.repeat(300_000) }) }), 'UNAVAILABLE'],
])('an issuer that %s is not believed', async (_name, spoil, reason) => {
  spoil();
  await expect(verifier.authenticate(await issuer.tokenBy(await issuer.newKey('a')))).rejects.toMatchObject({ reason });
});

test.each([
  ['an ID token by its type', { typ: 'ID' }, undefined],
  ['a logout token', {}, 'logout+jwt'],
  ['a token without audience', { aud: undefined }, undefined],
  ['a token from the future', { nbf: Math.floor(Date.now() / 1000) + 120 }, undefined],
])('%s is refused', async (_name, claims, typ) => {
  const key = await issuer.newKey('a');
  issuer.keys = [key];
  await expect(verifier.authenticate(await issuer.tokenBy(key, claims, typ))).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
});

test('clocks may differ by half a minute, and a token for several audiences is taken', async () => {
  const key = await issuer.newKey('a');
  issuer.keys = [key];
  const nowS = Math.floor(Date.now() / 1000);
  await expect(verifier.authenticate(await issuer.tokenBy(key, { nbf: nowS + 20, aud: ['account', 'urn:stella:api'] }, 'at+jwt'))).resolves.toEqual(alice);
  await expect(verifier.authenticate(await issuer.tokenBy(key, { iat: nowS - 600, exp: nowS - 20 }))).resolves.toEqual(alice);
  await expect(verifier.authenticate(await issuer.tokenBy(key, { iat: nowS - 600, exp: nowS - 40 }))).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
});

test('keys listed for encryption sign nothing', async () => {
  const key = await issuer.newKey('a');
  issuer.keys = [{ ...key, jwk: { ...key.jwk, use: 'enc' } }];
  await expect(verifier.authenticate(await issuer.tokenBy(key))).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
});
