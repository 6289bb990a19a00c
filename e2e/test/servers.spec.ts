import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { TokenVerifier } from '@stella/platform-auth';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import kafkajs from 'kafkajs';
import { Client as S3 } from 'minio';
import pg from 'pg';
import { type Addresses, loadRules, type OidcClient, type OidcOrganisation, scrape, useServers } from '../servers/index.mjs';
import { exportSpan } from './support/export-span.js';
import { within } from './support/within.js';

const START_TIMEOUT_MS = 3_600_000;
const SEEN_TIMEOUT_MS = 60_000;
const unique = () => randomBytes(6).toString('hex');

let servers: Addresses;
beforeAll(async () => {
  servers = await useServers(['kafka', 'postgres', 's3', 'oidc', 'prometheus', 'traces', 'toxiproxy']);
}, START_TIMEOUT_MS);

describe('Kafka', () => {
  let kafka: kafkajs.Kafka;
  let admin: kafkajs.Admin;
  beforeAll(async () => {
    kafka = new kafkajs.Kafka({ clientId: 'servers', brokers: [...servers.kafka.brokers], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 2 } });
    admin = kafka.admin();
    await admin.connect();
  });
  afterAll(() => admin.disconnect());

  test('gives a consumer what a producer sent, in order', async () => {
    const topic = `servers-${unique()}`;
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const sent = ['1', '2', '3'];
    await producer.send({ topic, acks: -1, messages: sent.map((value) => ({ key: 'k', value })) });
    await producer.disconnect();
    const consumer = kafka.consumer({ groupId: `group-${unique()}` });
    const seen: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void seen.push(String(message.value)) });
    await within(SEEN_TIMEOUT_MS, async () => (seen.length >= sent.length ? true : undefined));
    await consumer.disconnect();
    expect(seen).toEqual(sent);
  });

  test('makes no topic by itself', async () => {
    const topic = `unknown-${unique()}`;
    const producer = kafka.producer({ allowAutoTopicCreation: true });
    await producer.connect();
    await expect(producer.send({ topic, messages: [{ value: 'x' }] })).rejects.toMatchObject({ message: expect.stringContaining('does not host this topic-partition') });
    await producer.disconnect();
    expect(await admin.listTopics()).not.toContain(topic);
  });
});

describe('PostgreSQL', () => {
  test('keeps rows, and asks for a password', async () => {
    const client = new pg.Client(servers.postgres);
    await client.connect();
    const table = `t_${unique()}`;
    await client.query(`CREATE TABLE ${table} (n int)`);
    await client.query(`INSERT INTO ${table} SELECT generate_series(1, 10)`);
    expect((await client.query(`SELECT sum(n)::int AS sum FROM ${table}`)).rows).toEqual([{ sum: 55 }]);
    await client.query(`DROP TABLE ${table}`);
    await client.end();
    await expect(new pg.Client({ ...servers.postgres, password: 'wrong' }).connect()).rejects.toMatchObject({ code: '28P01' });
  });
});

describe('MinIO', () => {
  const client = (secretKey = servers.s3.secretKey) => {
    const { hostname, port } = new URL(servers.s3.endpoint);
    return new S3({ endPoint: hostname, port: Number(port), useSSL: false, region: servers.s3.region, accessKey: servers.s3.accessKey, secretKey });
  };

  test('keeps a blob, byte for byte, and asks for a key', async () => {
    const bucket = `servers-${unique()}`;
    const blob = randomBytes(1 << 20);
    await client().makeBucket(bucket);
    await client().putObject(bucket, 'blob', blob);
    expect((await buffer(await client().getObject(bucket, 'blob'))).equals(blob)).toBe(true);
    await expect(client('wrong-secret').statObject(bucket, 'blob')).rejects.toMatchObject({ code: expect.stringMatching(/SignatureDoesNotMatch|AccessDenied|Forbidden/) });
  });
});

describe('Keycloak', () => {
  const askToken = async (organisation: OidcOrganisation, { clientId, clientSecret }: OidcClient, grant: Record<string, string>) => {
    const body = new URLSearchParams({ client_id: clientId, ...(clientSecret === undefined ? {} : { client_secret: clientSecret }), ...grant });
    const response = await fetch(`${organisation.issuer}/protocol/openid-connect/token`, { method: 'POST', body });
    return (await response.json()) as { access_token: string; error?: string };
  };
  const clientOf = (organisation: OidcOrganisation, id: string): OidcClient => {
    const client = organisation.clients[id];
    if (client === undefined) throw new Error(`${organisation.realm} has no client ${id}`);
    return client;
  };
  const tokenOf = async (organisation: OidcOrganisation, user: string) => {
    const { username = '', password = '' } = organisation.users[user] ?? {};
    return (await askToken(organisation, clientOf(organisation, 'test'), { grant_type: 'password', username, password })).access_token;
  };
  const verifierOf = ({ issuer, audience }: OidcOrganisation) =>
    new TokenVerifier({ issuer, audience, keys: new URL(`${issuer}/protocol/openid-connect/certs`) });

  test.each(['csfg', 'fbpe', 'frvf', 'gate', 'marketplace', 'psdi', 'replay-worker'])('gives the service %s a token that is signed and says what it is', async (name) => {
    const { access_token: token } = await askToken(servers.oidc, clientOf(servers.oidc, `service-${name}`), { grant_type: 'client_credentials' });
    const { issuer, audience } = servers.oidc;
    const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${issuer}/protocol/openid-connect/certs`)), { issuer, audience });
    expect(payload).toMatchObject({ azp: `service-${name}`, stella_roles: ['service'], stella_tenant: 'acme.example', stella_organisation: 'acme.example' });
    expect(payload).not.toHaveProperty('realm_access');
    expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
  });

  test.each([
    ['contributor', 'acme.example', ['contributor']],
    ['maintainer', 'acme.example', ['maintainer']],
    ['moderator', 'acme.example', ['moderator']],
    ['auditor', 'acme.example', ['auditor']],
    ['operator', 'acme.example', ['operator']],
    ['outsider', 'labs.acme.example', ['contributor']],
  ])('knows a person: %s', async (user, tenant, roles) => {
    const token = await tokenOf(servers.oidc, user);
    await expect(verifierOf(servers.oidc).authenticate(`Bearer ${token}`)).resolves.toMatchObject({ tenant, organisation: 'acme.example', roles });
  });

  test('gives a pipeline the rights of an operator', async () => {
    const { access_token: token } = await askToken(servers.oidc, clientOf(servers.oidc, 'pipeline'), { grant_type: 'client_credentials' });
    await expect(verifierOf(servers.oidc).authenticate(`Bearer ${token}`)).resolves.toMatchObject({ roles: ['operator'] });
  });

  test('keeps the organisations apart', async () => {
    const [acme, globex] = servers.oidc.organisations as [OidcOrganisation, OidcOrganisation];
    const { access_token: token } = await askToken(globex, clientOf(globex, 'service-fbpe'), { grant_type: 'client_credentials' });
    expect(decodeJwt(token)).toMatchObject({ iss: globex.issuer, stella_tenant: 'globex.example' });
    await expect(verifierOf(acme).authenticate(`Bearer ${token}`)).rejects.toMatchObject({ reason: 'UNAUTHENTICATED' });
    const stolen = { ...clientOf(acme, 'service-fbpe'), clientId: 'service-fbpe' };
    await expect(askToken(globex, stolen, { grant_type: 'client_credentials' })).resolves.toMatchObject({ error: 'unauthorized_client' });
  });

  test('takes the realm as it is shipped: its variables filled in, its secrets known to the administrator alone', async () => {
    const { url, adminUser, adminPassword } = servers.oidc;
    const organisation: OidcOrganisation = { ...servers.oidc, issuer: `${url}/realms/stella`, realm: 'stella', clients: {}, users: {} };
    const master = { ...organisation, issuer: `${url}/realms/master` };
    const admin = await askToken(master, { clientId: 'admin-cli' }, { grant_type: 'password', username: adminUser, password: adminPassword });
    const ask = async (path: string) => (await fetch(`${url}/admin/realms/stella/${path}`, { headers: { authorization: `Bearer ${admin.access_token}` } })).json() as Promise<{ id: string; value: string; redirectUris: string[] }[]>;
    const [console] = await ask('clients?clientId=console');
    expect(console?.redirectUris).toEqual(['https://console.initech.example/login/callback']);
    // Else people could give themselves the attributes that become claims.
    expect(await ask('users/profile')).not.toHaveProperty('unmanagedAttributePolicy');
    const [gate] = await ask('clients?clientId=service-gate');
    const { value: clientSecret } = (await ask(`clients/${gate?.id}/client-secret`)) as unknown as { value: string };
    expect(clientSecret).toMatch(/^[A-Za-z0-9]{32,}$/);
    const { access_token: token } = await askToken(organisation, { clientId: 'service-gate', clientSecret }, { grant_type: 'client_credentials' });
    await expect(verifierOf(organisation).authenticate(`Bearer ${token}`)).resolves.toMatchObject({ tenant: 'initech.example', organisation: 'initech.example', roles: ['service'] });
  });

  test('lets the console in by code and PKCE only', async () => {
    const { username = '', password = '' } = servers.oidc.users['auditor'] ?? {};
    for (const id of ['console', 'cli']) {
      const client = clientOf(servers.oidc, id);
      await expect(askToken(servers.oidc, client, { grant_type: 'password', username, password })).resolves.toMatchObject({ error: 'unauthorized_client' });
      await expect(askToken(servers.oidc, client, { grant_type: 'client_credentials' })).resolves.toMatchObject({ error: 'unauthorized_client' });
      const login = new URLSearchParams({ client_id: id, response_type: 'code', scope: 'openid', redirect_uri: 'http://127.0.0.1:54321/login/callback' });
      const withoutChallenge = await fetch(`${servers.oidc.issuer}/protocol/openid-connect/auth?${login}`, { redirect: 'manual' });
      expect(withoutChallenge.headers.get('location')).toContain('error=invalid_request');
      login.set('code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
      login.set('code_challenge_method', 'S256');
      const form = await fetch(`${servers.oidc.issuer}/protocol/openid-connect/auth?${login}`, { redirect: 'manual' });
      expect([form.status, await form.text()]).toEqual([200, expect.stringContaining('name="password"')]);
      login.set('redirect_uri', 'http://elsewhere.example/login/callback');
      expect((await fetch(`${servers.oidc.issuer}/protocol/openid-connect/auth?${login}`, { redirect: 'manual' })).status).toBe(400);
    }
  });
});

describe('Prometheus', () => {
  let metrics: Server;
  beforeAll(async () => {
    metrics = createServer((_request, response) => response.setHeader('content-type', 'text/plain; version=0.0.4').end('stella_test_value 42\n')).listen(0, '127.0.0.1');
    await once(metrics, 'listening');
  });
  afterAll(() => {
    scrape([]);
    metrics.close();
  });

  const query = async (text: string) => {
    const response = await fetch(`${servers.prometheus.url}/api/v1/query?${new URLSearchParams({ query: text })}`);
    const { data } = (await response.json()) as { data: { result: { metric: Record<string, string>; value: [number, string] }[] } };
    return data.result[0];
  };

  test('answers with what it scraped and with what a rule made of it', async () => {
    const { port } = metrics.address() as AddressInfo;
    scrape([{ job: 'servers', targets: [`127.0.0.1:${port}`], labels: { organisation: 'acme.example' } }]);
    await loadRules(servers.prometheus.url, { 'servers.yaml': 'groups: [{name: servers, rules: [{record: stella:test:double, expr: stella_test_value * 2}]}]' });
    const scraped = await within(SEEN_TIMEOUT_MS, () => query('stella_test_value{job="servers"}'));
    expect([scraped.metric['organisation'], scraped.value[1]]).toEqual(['acme.example', '42']);
    expect((await within(SEEN_TIMEOUT_MS, () => query('stella:test:double'))).value[1]).toBe('84');
  });

  test('refuses rules that it cannot read', async () => {
    await expect(loadRules(servers.prometheus.url, { 'servers.yaml': 'groups: [{name: servers, rules: [{record: x, expr: "sum("}]}]' })).rejects.toThrow(/500/);
    await loadRules(servers.prometheus.url, { 'servers.yaml': 'groups: []' });
  });
});

describe('Jaeger', () => {
  test.each(['http', 'grpc'] as const)('gives back a span that came by OTLP over %s', async (protocol) => {
    const { traceId, spanId } = await exportSpan(servers.traces, protocol, 'servers-test');
    const trace = await within(SEEN_TIMEOUT_MS, async () => {
      const response = await fetch(`${servers.traces.query}/api/traces/${traceId}`);
      return response.ok ? ((await response.json()) as { data: { spans: { spanID: string; operationName: string }[] }[] }) : undefined;
    });
    expect(trace.data[0]?.spans).toEqual([expect.objectContaining({ spanID: spanId, operationName: 'servers-test' })]);
  });

  test('knows nothing of a trace that nobody sent', async () => {
    expect((await fetch(`${servers.traces.query}/api/traces/${'ab'.repeat(16)}`)).status).toBe(404);
  });
});

describe('Toxiproxy', () => {
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${servers.toxiproxy.url}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : ((await response.json()) as { listen: string });
  };

  test('makes a connection slow, and cuts it', async () => {
    const name = `servers-${unique()}`;
    const upstream = `${servers.postgres.host}:${servers.postgres.port}`;
    const port = Number((await call('POST', '/proxies', { name, listen: '127.0.0.1:0', upstream }))?.listen.split(':')[1]);
    const client = new pg.Client({ ...servers.postgres, port });
    const broken = once(client, 'error');
    await client.connect();
    const latencyMs = 500;
    await call('POST', `/proxies/${name}/toxics`, { name: 'slow', type: 'latency', stream: 'downstream', attributes: { latency: latencyMs } });
    const before = performance.now();
    await client.query('SELECT 1');
    expect(performance.now() - before).toBeGreaterThan(latencyMs * 0.9);
    await call('POST', `/proxies/${name}`, { name, listen: `127.0.0.1:${port}`, upstream, enabled: false });
    await broken;
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await call('DELETE', `/proxies/${name}`);
  });
});
