import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { DomainError } from '@stella/errors';

/** 249 characters of a topic's name (Kafka's limit) less those of our longest one with `.dlq`. */
const TOPIC_PREFIX_CHARS_MAX = 45;
const BROKERS_MAX = 64;
const CREDENTIAL_CHARS_MAX = 1_024;
const BROKER = /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?:([1-9]\d{0,4})$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const CLIENT_ID_CHARS_MAX = 200;
const PORT_MAX = 65_535;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** A value that nobody prints by mistake; `Secret` of the configuration is one. */
export interface Hidden {
  reveal(): string;
}

export interface KafkaTls {
  /** PEM, one or several certificates; default: the system's roots. */
  readonly ca?: string;
  /** PEM; what the brokers see of us. With `key`. */
  readonly certificate?: string;
  readonly key?: Hidden;
}

export interface KafkaSasl {
  readonly mechanism: (typeof SASL_MECHANISMS)[number];
  readonly username: string;
  readonly password: Hidden;
}

/** Where the brokers are, and who we are to them. */
export interface KafkaConnection {
  /** `host:port` of some of them; the others are found by these. */
  readonly brokers: readonly string[];
  /** What the brokers' logs and quotas call us. */
  readonly clientId: string;
  /** Before every topic and consumer group, where several installations share brokers: `acme.`. */
  readonly topicPrefix?: string;
  /** Absent: plain text. */
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
}

/** @throws DomainError CONFIG_INVALID with every problem at once; values are not repeated. */
export function checkKafkaConnection(connection: KafkaConnection): void {
  const problems = [...brokerProblems(connection.brokers), ...nameProblems(connection), ...tlsProblems(connection.tls), ...saslProblems(connection.sasl)];
  if (problems.length === 0) return;
  throw new DomainError('CONFIG_INVALID', { problems: problems.join('; ') }, { message: `the connection to Kafka is not usable: ${problems.join('; ')}` });
}

function* brokerProblems(brokers: readonly string[]): Generator<string> {
  if (brokers.length === 0) yield 'brokers: none is named';
  if (brokers.length > BROKERS_MAX) yield `brokers: more than ${BROKERS_MAX}`;
  const isAddress = (broker: string) => Number(BROKER.exec(broker)?.[2] ?? Infinity) <= PORT_MAX;
  if (!brokers.every(isAddress)) yield 'brokers: each is host:port';
}

function* nameProblems({ clientId, topicPrefix = '' }: KafkaConnection): Generator<string> {
  if (!NAME.test(clientId) || clientId.length > CLIENT_ID_CHARS_MAX) yield 'clientId: letters, digits, dots, dashes and underscores only';
  if (topicPrefix !== '' && !NAME.test(topicPrefix)) yield 'topicPrefix: letters, digits, dots, dashes and underscores only';
  if (topicPrefix.length > TOPIC_PREFIX_CHARS_MAX) yield `topicPrefix: longer than ${TOPIC_PREFIX_CHARS_MAX} characters`;
}

function* tlsProblems(tls: KafkaTls | undefined): Generator<string> {
  if (tls === undefined) return;
  if ((tls.certificate === undefined) !== (tls.key === undefined)) yield 'tls: certificate and key come together';
  // OpenSSL leaves out what it cannot read of a list of authorities, without a word.
  if (tls.ca !== undefined && !areCertificates(tls.ca)) yield 'tls: ca is not one or several certificates in PEM';
  try {
    createSecureContext({ cert: tls.certificate, key: tls.key?.reveal() });
  } catch {
    yield 'tls: certificate and key cannot be read as PEM, or do not belong together';
  }
}

function areCertificates(pem: string): boolean {
  try {
    const blocks = pem.match(CERTIFICATE) ?? [];
    return blocks.map((block) => new X509Certificate(block)).length > 0;
  } catch {
    return false;
  }
}

function* saslProblems(sasl: KafkaSasl | undefined): Generator<string> {
  if (sasl === undefined) return;
  if (!SASL_MECHANISMS.includes(sasl.mechanism)) yield `sasl: mechanism is one of ${SASL_MECHANISMS.join(', ')}`;
  for (const [name, value] of [['username', sasl.username], ['password', sasl.password.reveal()]] as const) {
    if (value === '' || value.length > CREDENTIAL_CHARS_MAX) yield `sasl: ${name} has 1 to ${CREDENTIAL_CHARS_MAX} characters`;
  }
}
