import { TOKEN_MEMORY_MS, TOKENS_REMEMBERED_MAX } from './limits.js';
import type { Principal } from './principal.js';
import { TokenMemory } from './token-memory.js';
import { generateKeyPair, SignJWT } from 'jose';
import { TokenVerifier } from './token-verifier.js';

const alice: Principal = { subject: 'alice', tenant: 'acme', organisation: 'acme.example', roles: ['contributor'] };

test('a token is known for a while, never past its own end', () => {
  const memory = new TokenMemory();
  memory.remember('long', alice, 10 * TOKEN_MEMORY_MS, 0);
  memory.remember('short', alice, 5, 0);
  expect([memory.find('long', TOKEN_MEMORY_MS - 1), memory.find('short', 4), memory.find('other', 0)]).toEqual([alice, alice, undefined]);
  expect([memory.find('long', TOKEN_MEMORY_MS), memory.find('short', 5)]).toEqual([undefined, undefined]);
  expect(memory.find('long', 0)).toBeUndefined();
});

test('the oldest is forgotten for the newest', () => {
  const memory = new TokenMemory();
  for (let at = 0; at < TOKENS_REMEMBERED_MAX; at++) memory.remember(String(at), alice, Infinity, 0);
  expect(memory.find('0', 0)).toBe(alice);
  memory.remember('one more', alice, Infinity, 0);
  expect([memory.find('0', 0), memory.find('1', 0), memory.find('one more', 0)]).toEqual([undefined, alice, alice]);
});

test('a verifier looks at a signature once in a while, and at every token that it refused', async () => {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA');
  let [nowMs, looks] = [Date.parse('2026-06-01T12:00:00Z'), 0];
  const verifier = new TokenVerifier({
    issuer: 'https://issuer.test',
    audience: 'urn:stella:api',
    now: () => new Date(nowMs),
    keys: () => {
      looks += 1;
      return publicKey;
    },
  });
  const token = (audience: string) =>
    new SignJWT({ stella_tenant: 'acme', stella_organisation: 'acme.example', stella_roles: ['contributor'] })
      .setProtectedHeader({ alg: 'EdDSA' }).setSubject('alice').setIssuer('https://issuer.test').setAudience(audience)
      .setIssuedAt(nowMs / 1_000).setExpirationTime(nowMs / 1_000 + 300).sign(privateKey);
  const good = `Bearer ${await token('urn:stella:api')}`;
  for (let at = 0; at < 3; at++) await expect(verifier.authenticate(good)).resolves.toEqual(alice);
  expect(looks).toBe(1);
  nowMs += TOKEN_MEMORY_MS;
  await expect(verifier.authenticate(good)).resolves.toEqual(alice);
  expect(looks).toBe(2);
  nowMs += 300_000;
  await expect(verifier.authenticate(good)).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
  const bad = `Bearer ${await token('urn:other')}`;
  looks = 0;
  for (let at = 0; at < 2; at++) await expect(verifier.authenticate(bad)).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
  expect(looks).toBe(2);
});
