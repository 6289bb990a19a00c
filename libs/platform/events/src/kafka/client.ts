import type { Logger } from '@stella/platform-telemetry';
import kafkajs, { type Kafka, type KafkaConfig, type LogEntry, type SASLOptions } from 'kafkajs';
import { checkKafkaConnection, type KafkaConnection } from './connection.js';
import { CONNECT_TIMEOUT_MS, REQUEST_TIMEOUT_MS, RETRIES } from './limits.js';
import { quietRequestQueue } from './request-queue.js';

/** @throws DomainError CONFIG_INVALID. */
export function createKafka(connection: KafkaConnection, logger: Logger): Kafka {
  checkKafkaConnection(connection);
  quietRequestQueue();
  if (connection.sasl?.mechanism === 'plain' && connection.tls === undefined) logger.warn('the password for Kafka is sent in plain text: SASL plain without TLS');
  return new kafkajs.Kafka(kafkaConfig(connection, logger));
}

function kafkaConfig({ brokers, clientId, tls, sasl }: KafkaConnection, logger: Logger): KafkaConfig {
  return {
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRIES,
    // What kafkajs calls an error is mostly a retry of its own; what matters is logged, with its reason, by who called it.
    logCreator: () => ({ label, namespace, log: { message, logger: _name, timestamp: _time, ...facts } }: LogEntry) => logger.debug({ ...facts, part: namespace, severity: label }, message),
    ...(tls === undefined ? {} : { ssl: { ca: tls.ca, cert: tls.certificate, key: tls.key?.reveal() } }),
    ...(sasl === undefined ? {} : { sasl: { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password.reveal() } as SASLOptions }),
  };
}
