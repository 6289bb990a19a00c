import { KeyPair, publicKeyToPem } from '@stella/attestation';
import { isDomainError } from '@stella/errors';
import { printableConfig } from '@stella/platform-config';
import { z } from 'zod';
import { publicKeys, signingKey } from './field-kinds.js';
import { readConfig, readPart, serviceProcess, variablesOf } from './service-process.js';
import { DATABASE_FIELDS, LOG_FIELDS } from './shared-fields.js';

const key = KeyPair.generate('ed25519');
const p256 = KeyPair.generate('ecdsa-p256-sha256');
const sample = serviceProcess({
  name: 'sample',
  peers: ['psdi', 'replay-worker'],
  fields: { sampleKey: signingKey('ed25519'), sampleKeys: publicKeys().optional(), sampleCount: z.coerce.number().default(3) },
  service: () => {
    throw new Error('not started');
  },
});

const WHOLE = {
  STELLA_ORGANISATION: 'acme.example',
  STELLA_DATABASE_URL: 'postgresql://role:pass-word@localhost:5432/stella',
  STELLA_KAFKA_BROKERS: 'a:9092, b:9092',
  STELLA_S3_ENDPOINT: 'http://s3.example:9000',
  STELLA_S3_BUCKET: 'stella-acme',
  STELLA_S3_ACCESS_KEY: 'access-key',
  STELLA_S3_SECRET_KEY: 'secret-key',
  STELLA_OIDC_ISSUER: 'https://sso.example/realms/acme/',
  STELLA_OIDC_CLIENT_ID: 'service-sample',
  STELLA_OIDC_CLIENT_SECRET: 'client-secret',
  STELLA_PSDI_ADDRESS: 'dns:///psdi:7070',
  STELLA_REPLAY_WORKER_ADDRESS: 'ipv4:127.0.0.1:1,127.0.0.1:2',
  STELLA_SAMPLE_KEY: key.toPem(),
};

function problemsOf(read: () => unknown): string[] {
  try {
    read();
  } catch (error) {
    if (isDomainError(error, 'CONFIG_INVALID')) return (error.facts['problems'] ?? '').split('; ');
    throw error;
  }
  return [];
}
const problemsWith = (change: Record<string, string | undefined>) => problemsOf(() => readConfig(sample, { ...WHOLE, ...change }));

test('a whole configuration is read once, with its defaults; an issuer is kept to the letter', () => {
  const config = readConfig(sample, { ...WHOLE, HOME: '/root', STELLA_NATIVE: '/x', STELLA_TRACES: 'console', STELLA_STOP_DELAY: '3s' });
  expect(config).toMatchObject({
    organisation: 'acme.example', host: '0.0.0.0', grpcPort: 7070, httpPort: 7071, stopDelay: 3_000, drainTimeout: 10_000,
    kafkaBrokers: ['a:9092', 'b:9092'], kafkaTls: false, blobCacheSize: 2 * 2 ** 30, oidcIssuer: 'https://sso.example/realms/acme/', oidcRolesClaim: ['stella_roles'],
    psdiAddress: 'dns:///psdi:7070', sampleCount: 3,
  });
  expect(config.sampleKey.pair.keyId).toBe(key.keyId);
});

test('every lack is named at once, as is what nobody knows; no value is repeated', () => {
  const problems = problemsOf(() => readConfig(sample, { STELLA_ORGANIZATION: 'hunter2', STELLA_DATABASE_URL: 'mysql://hunter2@x/y' }));
  for (const name of Object.keys(WHOLE).filter((each) => each !== 'STELLA_DATABASE_URL')) expect(problems).toContain(`${name}: missing`);
  expect(problems).toContain('STELLA_ORGANIZATION: unknown');
  expect(problems).toContainEqual(expect.stringMatching(/^STELLA_DATABASE_URL: postgresql:/));
  expect(problems.join()).not.toContain('hunter2');
});

test('what is printed shows no secret and no key', () => {
  const config = readConfig(sample, { ...WHOLE, STELLA_KAFKA_SASL_MECHANISM: 'plain', STELLA_KAFKA_SASL_USERNAME: 'u', STELLA_KAFKA_SASL_PASSWORD: 'sasl-password' });
  const shown = JSON.stringify(printableConfig(config));
  for (const hidden of ['pass-word', 'access-key', 'secret-key', 'client-secret', 'sasl-password', 'PRIVATE KEY']) expect(shown).not.toContain(hidden);
  expect(shown).toContain(`ed25519 ${key.keyId}`);
});

test.each([
  ['an organisation in capitals', { STELLA_ORGANISATION: 'ACME' }, /^STELLA_ORGANISATION: /],
  ['a broker without a port', { STELLA_KAFKA_BROKERS: 'a' }, /^STELLA_KAFKA_BROKERS: /],
  ['an endpoint with an account', { STELLA_S3_ENDPOINT: 'http://a:b@s3' }, /^STELLA_S3_ENDPOINT: /],
  ['a bucket in capitals', { STELLA_S3_BUCKET: 'Stella' }, /^STELLA_S3_BUCKET: /],
  ['a prefix that is no folder', { STELLA_S3_PREFIX: 'acme' }, /^STELLA_S3_PREFIX: /],
  ['a peer without a port', { STELLA_PSDI_ADDRESS: 'psdi' }, /^STELLA_PSDI_ADDRESS: /],
  ['a list of peers by name', { STELLA_PSDI_ADDRESS: 'a:1,b:2' }, /^STELLA_PSDI_ADDRESS: /],
  ['a key of another algorithm', { STELLA_SAMPLE_KEY: p256.toPem() }, /^STELLA_SAMPLE_KEY: a PKCS #8 PEM of an Ed25519 key is expected$/],
  ['a key that is none', { STELLA_SAMPLE_KEY: 'none' }, /^STELLA_SAMPLE_KEY: /],
  ['public keys with something between them', { STELLA_SAMPLE_KEYS: `${publicKeyToPem(key.publicKey)} and ${publicKeyToPem(p256.publicKey)}` }, /^STELLA_SAMPLE_KEYS: /],
  ['more public keys than allowed', { STELLA_SAMPLE_KEYS: publicKeyToPem(key.publicKey).repeat(33) }, /^STELLA_SAMPLE_KEYS: 1 to 32 /],
  ['a TLS certificate without its key', { STELLA_TLS_CERTIFICATE: 'x' }, /^STELLA_TLS_KEY: needed with STELLA_TLS_CERTIFICATE$/],
  ['an authority without a certificate', { STELLA_TLS_CA: 'x' }, /^STELLA_TLS_CERTIFICATE: needed with STELLA_TLS_CA$/],
  ['clients that must show a certificate of nobody', { STELLA_TLS_CERTIFICATE: 'x', STELLA_TLS_KEY: 'x', STELLA_TLS_CLIENTS: 'required' }, /^STELLA_TLS_CA: needed with STELLA_TLS_CLIENTS$/],
  ['SASL without an account', { STELLA_KAFKA_SASL_MECHANISM: 'plain', STELLA_KAFKA_SASL_USERNAME: 'u' }, /^STELLA_KAFKA_SASL_PASSWORD: needed with/],
  ["Kafka's authority without TLS", { STELLA_KAFKA_CA: 'x' }, /^STELLA_KAFKA_CA: means nothing without STELLA_KAFKA_TLS=true$/],
  ['an upload of an hour', { STELLA_RETENTION_UPLOADS: '1h' }, /^STELLA_RETENTION_UPLOADS: 1h is not within 6h and 30d: a large upload /],
  ['topics of an hour', { STELLA_RETENTION_TOPICS: '1h' }, /^STELLA_RETENTION_TOPICS: 1h is not within 1d and 365d: a service that is away /],
  ['events that are kept too short for any topic', { STELLA_RETENTION_EVENTS: '8d', STELLA_RETENTION_TOPICS: '1d' }, /^STELLA_RETENTION_EVENTS: 8d is not within 9d and 3650d: .* handled a second time \(keep it longer/],
  ['events that are kept too short for the topics', { STELLA_RETENTION_EVENTS: '14d' }, /^STELLA_RETENTION_EVENTS: 14d is less than 15d, which is STELLA_RETENTION_TOPICS \(7d\) and 8d .*: .* handled a second time/],
  ['topics that keep longer than services know', { STELLA_RETENTION_TOPICS: '23d' }, /^STELLA_RETENTION_EVENTS: 30d is less than 31d, /],
  ['dead letters that go before the topic forgot them', { STELLA_RETENTION_DEAD_LETTERS: '359h' }, /^STELLA_RETENTION_DEAD_LETTERS: 359h is less than 15d, /],
  ['a duration without a unit', { STELLA_DRAIN_TIMEOUT: '10' }, /^STELLA_DRAIN_TIMEOUT: a duration is/],
])('%s is a problem of its own', (_, change, problem) => {
  expect(problemsWith(change)).toEqual([expect.stringMatching(problem)]);
});

test('retentions have the defaults of before, and dead letters are kept for ever', () => {
  const days = (change: Record<string, string>) => {
    const { retentionEvents, retentionDeadLetters, retentionTopics, retentionUploads } = readConfig(sample, { ...WHOLE, ...change });
    return [retentionEvents, retentionDeadLetters, retentionTopics, retentionUploads].map((ms) => ms && ms / 86_400_000);
  };
  expect(days({})).toEqual([30, undefined, 7, 1]);
  expect(days({ STELLA_RETENTION_EVENTS: '15d', STELLA_RETENTION_DEAD_LETTERS: '15d' })).toEqual([15, 15, 7, 1]);
  expect(days({ STELLA_RETENTION_EVENTS: '9d', STELLA_RETENTION_TOPICS: '1d', STELLA_RETENTION_UPLOADS: '6h' })).toEqual([9, undefined, 1, 0.25]);
});

test('as many public keys as allowed are read in their order', () => {
  const pems = [key, p256].map(({ publicKey }) => publicKeyToPem(publicKey)).join('\n') + publicKeyToPem(key.publicKey).repeat(30);
  const { sampleKeys } = readConfig(sample, { ...WHOLE, STELLA_SAMPLE_KEYS: pems });
  expect(sampleKeys?.map(({ fingerprint }) => fingerprint).slice(0, 3)).toEqual([key.keyId, p256.keyId, key.keyId]);
  expect(sampleKeys).toHaveLength(32);
});

test('a part is read without the rest, whether that is there or not; what nobody knows is told all the same', () => {
  const part = { ...LOG_FIELDS, ...DATABASE_FIELDS };
  const url = WHOLE.STELLA_DATABASE_URL;
  expect(readPart(sample, part, { STELLA_DATABASE_URL: url }).databaseUrl.reveal()).toBe(url);
  expect(readPart(sample, part, { ...WHOLE, STELLA_SAMPLE_KEY: undefined, STELLA_SAMPLE_KEY_FILE: '/nowhere' }).databaseUrl.reveal()).toBe(url);
  expect(problemsOf(() => readPart(sample, part, { ...WHOLE, STELLA_DATABASE_URL: undefined, STELLA_OTHER: 'x' }))).toEqual(['STELLA_DATABASE_URL: missing', 'STELLA_OTHER: unknown']);
});

test('its variables are those of every service, of its peers, and its own', () => {
  const variables = variablesOf(sample);
  expect(variables).toEqual(expect.arrayContaining(['STELLA_HTTP_PORT', 'STELLA_REPLAY_WORKER_ADDRESS', 'STELLA_SAMPLE_KEY']));
  expect(new Set(variables).size).toBe(variables.length);
});
