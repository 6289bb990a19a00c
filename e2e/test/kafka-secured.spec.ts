import { applyTopics, type KafkaConnection, type KafkaSasl } from '@stella/platform-events';
import { demoDraft, effectsIn, recordEffect, TOPIC } from '@stella/platform-events/testing';
import { createLogger } from '@stella/platform-telemetry';
import { DemoServices } from './support/demo-services.js';
import { type SecuredKafka, startSecuredKafka } from './support/secured-kafka.js';

const logger = createLogger({ name: 'test', level: 'silent' });
const hidden = (value: string) => ({ reveal: () => value });
let kafka: SecuredKafka;
let services: DemoServices;

beforeAll(async () => {
  kafka = await startSecuredKafka();
  services = await DemoServices.create();
}, 600_000);
afterEach(() => services.clear(), 60_000);
afterAll(() => services?.stop(), 60_000);
afterAll(() => kafka?.stop(), 60_000);

const sasl = (mechanism: KafkaSasl['mechanism'], password = kafka.password): KafkaConnection => ({
  brokers: [kafka.saslBroker],
  clientId: 'test',
  topicPrefix: `${mechanism}.`,
  tls: { ca: kafka.ca },
  sasl: { mechanism, username: kafka.username, password: hidden(password) },
});
const certificate = ({ certificate: shown, key } = kafka.client): KafkaConnection => ({ brokers: [kafka.tlsBroker], clientId: 'test', topicPrefix: 'certificate.', tls: { ca: kafka.ca, certificate: shown, key: hidden(key) } });
const topics = [TOPIC, `${TOPIC}.dlq`].map((name) => ({ name, partitions: 1, retentionMs: 3_600_000, cleanupPolicy: 'delete', messageBytesMax: 1_000_000 }));

test.each<[string, () => KafkaConnection]>([
  ['TLS and a certificate of ours', certificate],
  ['TLS and SASL plain', () => sasl('plain')],
  ['TLS and SASL SCRAM-SHA-256', () => sasl('scram-sha-256')],
  ['TLS and SASL SCRAM-SHA-512', () => sasl('scram-sha-512')],
])('events pass by %s', async (_name, connectionOf) => {
  const connection = connectionOf();
  await applyTopics(connection, topics, logger);
  const { a, b, settle } = services.process({ connection });
  b.subscribe({ topic: TOPIC }, { commit: recordEffect });
  await Promise.all([a.start(), b.start()]);
  await services.a.tx((tx) => a.append(tx, demoDraft('k', '1')));
  await settle();
  expect(await effectsIn(services.b)).toEqual(['k:1']);
});

test.each<[string, () => KafkaConnection, string]>([
  ['a wrong password', () => sasl('plain', 'wrong'), 'EVENT_BROKER_DENIED'],
  ['a wrong password by SCRAM', () => sasl('scram-sha-512', 'wrong'), 'EVENT_BROKER_DENIED'],
  ['a broker that we do not trust', () => ({ ...sasl('plain'), tls: {} }), 'EVENT_BROKER_UNAVAILABLE'],
  ['plain text to a TLS port', () => ({ brokers: [kafka.tlsBroker], clientId: 'test' }), 'EVENT_BROKER_UNAVAILABLE'],
  ['a certificate that it does not trust', () => certificate(kafka.stranger), 'EVENT_BROKER_UNAVAILABLE'],
])('no way in with %s: a reason, and no secret in it', async (_name, connectionOf, reason) => {
  const error = await applyTopics(connectionOf(), topics, logger).then(() => undefined, (cause: Error & { reason: string; facts: object }) => cause);
  expect(error?.reason).toBe(reason);
  expect(JSON.stringify(error?.facts)).not.toMatch(/wrong|not a secret/);
});
