import { generateKeyPairSync } from 'node:crypto';
import { authorize, ClientCredentialsSource, DevelopmentIssuer, type Principal, TokenVerifier } from './index.js';
import { FakeIssuer } from './testing.js';

const AUDIENCE = 'urn:stella:api';
const alice: Principal = { subject: 'alice', tenant: 'acme', organisation: 'acme.example', roles: ['contributor'] };
const signingKeyPem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const client = { clientId: 'cli', clientSecret: 's%c:r+t &', tenant: 'acme', organisation: 'acme.example', roles: ['operator', 'auditor'] as const };
const config = { profile: 'embedded', port: 0, audience: AUDIENCE, signingKeyPem, clients: [client] };

describe('the development issuer', () => {
  let issuer: DevelopmentIssuer;
  beforeAll(async () => {
    issuer = await DevelopmentIssuer.start(config);
  });
  afterAll(() => issuer.stop());

  const source = (clientSecret: string) =>
    new ClientCredentialsSource({ tokenEndpoint: issuer.tokenEndpoint, clientId: 'cli', clientSecret, audience: AUDIENCE });

  test('gives a client a token that says who it is, and gives it again until it nears its end', async () => {
    const tokens = source(client.clientSecret);
    const authorization = await tokens.authorization();
    const verifier = new TokenVerifier({ issuer: issuer.issuer, audience: AUDIENCE, keys: issuer.jwksUri });
    await expect(verifier.authenticate(authorization)).resolves.toEqual({
      subject: 'cli',
      tenant: 'acme',
      organisation: 'acme.example',
      roles: ['auditor', 'operator'],
    });
    expect(await tokens.authorization()).toBe(authorization);
    const header = JSON.parse(Buffer.from(authorization.split(/[ .]/)[1] ?? '', 'base64url').toString()) as { kid: string };
    expect(header.kid).toMatch(/^dev:/);
  });

  test('refuses a wrong secret', async () => {
    await expect(source('wrong').authorization()).rejects.toMatchObject({ reason: 'UNAUTHENTICATED', facts: { problem: 'invalid_client' } });
  });

  test('does not start outside the embedded profile', async () => {
    await expect(DevelopmentIssuer.start({ ...config, profile: 'cluster' })).rejects.toMatchObject({ reason: 'CONFIG_INVALID' });
  });
});

describe('a token', () => {
  let issuer: FakeIssuer;
  beforeAll(async () => {
    issuer = await FakeIssuer.create();
  });

  test('is accepted from its issuer, for its audience, in its time', async () => {
    await expect(issuer.verifier.authenticate(await issuer.authorization(alice))).resolves.toEqual(alice);
  });

  test.each([
    ['another issuer', { issuer: 'https://other.test' }],
    ['another audience', { audience: 'urn:other' }],
    ['a past end', { expiresInS: -3600 }],
  ])('with %s is refused', async (_name, changes) => {
    const authorization = await issuer.authorization(alice, changes);
    await expect(issuer.verifier.authenticate(authorization)).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
  });

  test('of another key, without a signature, without a tenant, or none at all is refused', async () => {
    const stranger = await FakeIssuer.create();
    const unsigned = `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"alice"}').toString('base64url')}.`;
    const offered = [await stranger.authorization(alice), unsigned, await issuer.authorization({ ...alice, tenant: '' }), undefined, 'Basic YTpi'];
    for (const authorization of offered) {
      await expect(issuer.verifier.authenticate(authorization)).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
    }
  });

  test('that cannot be checked because the keys are out of reach is not refused but unavailable', async () => {
    const verifier = new TokenVerifier({ issuer: FakeIssuer.ISSUER, audience: FakeIssuer.AUDIENCE, keys: new URL('http://127.0.0.1:9/jwks') });
    await expect(verifier.authenticate(await issuer.authorization(alice))).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  });
});

describe('the default rules', () => {
  const pack = { type: 'pack', id: 'lua', tenant: 'acme' };

  test('allow by role and only in the own tenant', () => {
    expect(() => authorize(alice, 'read', pack)).not.toThrow();
    expect(() => authorize(alice, 'write', pack)).not.toThrow();
    const refused = { reason: 'PERMISSION_DENIED' };
    expect(() => authorize(alice, 'review', pack)).toThrow(expect.objectContaining(refused));
    expect(() => authorize({ ...alice, roles: [] }, 'read', pack)).toThrow(expect.objectContaining(refused));
    const stranger: Principal = { ...alice, tenant: 'other', roles: ['operator', 'service'] };
    expect(() => authorize(stranger, 'read', pack)).toThrow(expect.objectContaining(refused));
  });
});
