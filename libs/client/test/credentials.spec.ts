import { type Server, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { type GetNodeRequest, type GetNodeResponse, FederationServiceService, Node } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { ClientCredentialsSource } from '../src/credentials/client-credentials.js';
import { createStellaClient } from '../src/index.js';
import { type TestIssuer, startIssuer, startServer, wireError } from './server.js';

let issuer: TestIssuer;
let server: Server;
let address: string;
let refusedTokens: Set<string>;

beforeAll(async () => {
  ({ server, address } = await startServer(FederationServiceService, {
    getNode: (call: ServerUnaryCall<GetNodeRequest, GetNodeResponse>, answer: sendUnaryData<GetNodeResponse>) => {
      const authorization = String(call.metadata.get('authorization')[0]);
      if (refusedTokens.has(authorization)) return answer(wireError(status.UNAUTHENTICATED, 'unknown key', { reason: 'UNAUTHENTICATED' }));
      answer(null, { node: Node.fromPartial({ organisation: authorization }) });
    },
  }));
});

beforeEach(async () => {
  issuer = await startIssuer();
  refusedTokens = new Set();
});

afterEach(() => issuer.server.close());
afterAll(() => server.forceShutdown());

const credentials = () => ({ clientId: 'cli:1', clientSecret: 'p+w d', issuer: issuer.url, resource: 'https://stella.example' });

test('one token request serves many calls; id and secret are form-encoded', async () => {
  const client = createStellaClient({ address, credentials: credentials() });
  const answers = await Promise.all([1, 2, 3, 4].map(() => client.fbpe.getNode({})));
  expect(answers.map(({ node }) => node?.organisation)).toEqual(Array(4).fill('Bearer t1'));
  expect(issuer.requests).toHaveLength(1);
  const [{ authorization, form } = { authorization: '', form: new URLSearchParams() }] = issuer.requests;
  expect(Buffer.from(authorization.slice('Basic '.length), 'base64').toString()).toBe('cli%3A1:p%2Bw+d');
  expect(Object.fromEntries(form)).toEqual({ grant_type: 'client_credentials', resource: 'https://stella.example' });
  client.close();
});

test('a token that the server refuses is renewed once', async () => {
  const client = createStellaClient({ address, credentials: credentials() });
  refusedTokens.add('Bearer t1');
  expect((await client.fbpe.getNode({})).node?.organisation).toBe('Bearer t2');
  refusedTokens.add('Bearer t2').add('Bearer t3').add('Bearer t4');
  await expect(client.fbpe.getNode({})).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
  expect(issuer.requests).toHaveLength(3);
  client.close();
});

test('a token is renewed before it ends', async () => {
  let nowMs = 0;
  issuer.lifeSeconds = 100;
  const source = new ClientCredentialsSource(credentials(), () => nowMs);
  expect(await source.token()).toBe('t1');
  nowMs = 69_999;
  expect(await source.token()).toBe('t1');
  nowMs = 70_000;
  expect(await source.token()).toBe('t2');
});

test('what the issuer refuses or claims falsely is UNAUTHENTICATED, with the facts', async () => {
  issuer.refuse = true;
  await expect(new ClientCredentialsSource(credentials()).token()).rejects.toMatchObject({
    reason: 'UNAUTHENTICATED',
    facts: { issuer: issuer.url, httpStatus: '401', oauthError: 'invalid_client' },
  });
  issuer.claimedIssuer = 'https://mallory.example';
  await expect(new ClientCredentialsSource(credentials()).token()).rejects.toMatchObject({
    facts: { answeredIssuer: 'https://mallory.example' },
  });
});

test('an issuer that does not answer is UNAVAILABLE', async () => {
  const gone = { ...credentials(), issuer: 'http://127.0.0.1:1' };
  await expect(new ClientCredentialsSource(gone).token()).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
});

test('a secret is never sent in the clear beyond this machine', () => {
  expect(() => createStellaClient({ address, credentials: { ...credentials(), issuer: 'http://sso.example' } })).toThrow(
    expect.objectContaining({ reason: 'CONFIG_INVALID' }),
  );
});

test('an address that is none is refused', () => {
  expect(() => createStellaClient({ address: 'https://example' })).toThrow(expect.objectContaining({ reason: 'CONFIG_INVALID' }));
});

test('beyond loopback the channel speaks TLS unless told otherwise', async () => {
  // The same server under a name that the client does not take for loopback: the plain-text server cannot answer TLS.
  const other = address.replace('127.0.0.1', '[::ffff:127.0.0.1]');
  const secure = createStellaClient({ address: other });
  await expect(secure.fbpe.getNode({}, { attemptsMax: 1 })).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  secure.close();
  const plain = createStellaClient({ address: other, tls: 'plaintext' });
  expect((await plain.fbpe.getNode({})).node).toBeDefined();
  plain.close();
});
