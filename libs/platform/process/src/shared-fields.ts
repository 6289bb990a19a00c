import { durationMs, flag, list, port, secret, sizeBytes } from '@stella/platform-config';
import { z } from 'zod';
import { httpUrl, postgresUrl } from './field-kinds.js';
import { EVENT_RETENTION_FIELDS, TOPIC_RETENTION_FIELDS, UPLOAD_RETENTION_FIELDS } from './retention-fields.js';

const HOST_PORT = /^[^\s/,]+:\d{1,5}$/;
const ORGANISATION = /^[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*$/;
/** What Kafka allows in the name of a topic. */
const TOPIC_PREFIX = /^[A-Za-z0-9._-]{0,60}$/;
const CLAIM = z.string().regex(/^[\w:/.~-]{1,200}$/);

export const LOG_FIELDS = {
  logLevel: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  logFormat: z.enum(['json', 'pretty']).default('json'),
};

export const DATABASE_FIELDS = {
  databaseUrl: postgresUrl(),
  databaseCa: z.string().min(1).optional(),
  databaseCertificate: z.string().min(1).optional(),
  databaseKey: secret().optional(),
  databaseConnectionsMax: z.coerce.number().int().min(1).max(200).default(6),
  databaseStatementTimeout: durationMs().prefault('30s'),
  databaseLockTimeout: durationMs().prefault('15s'),
  databaseIdleTimeout: durationMs().prefault('60s'),
};

export const SERVER_FIELDS = {
  organisation: z.string().max(100).regex(ORGANISATION, 'a domain name in lower case'),
  host: z.string().min(1).default('0.0.0.0'),
  grpcPort: port().default(7070),
  httpPort: port().default(7071),
  stopDelay: durationMs().prefault('0s'),
  drainTimeout: durationMs().prefault('10s'),
};

const TLS_FIELDS = {
  tlsCertificate: z.string().min(1).optional(),
  tlsKey: secret().optional(),
  tlsCa: z.string().min(1).optional(),
  tlsClients: z.enum(['optional', 'required']).default('optional'),
};

const KAFKA_FIELDS = {
  kafkaBrokers: list().pipe(z.array(z.string().regex(HOST_PORT, 'a broker is host:port')).min(1).max(100)),
  kafkaTopicPrefix: z.string().regex(TOPIC_PREFIX).default(''),
  kafkaTls: flag().prefault('false'),
  kafkaCa: z.string().min(1).optional(),
  kafkaCertificate: z.string().min(1).optional(),
  kafkaKey: secret().optional(),
  kafkaSaslMechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).optional(),
  kafkaSaslUsername: z.string().min(1).optional(),
  kafkaSaslPassword: secret().optional(),
};

export const S3_FIELDS = {
  s3Endpoint: httpUrl(),
  s3Region: z.string().min(1).default('us-east-1'),
  s3Bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket name'),
  s3Prefix: z.string().regex(/^(?:[\w.-]+\/)*$/, 'folders, each with a slash after it').default(''),
  s3Ca: z.string().min(1).optional(),
  s3VirtualHosts: flag().prefault('false'),
  s3PublicEndpoint: httpUrl().optional(),
  s3AccessKey: secret(),
  s3SecretKey: secret(),
  blobCacheFolder: z.string().min(1).optional(),
  blobCacheSize: sizeBytes().prefault('2GiB'),
};

const OIDC_FIELDS = {
  oidcIssuer: httpUrl(),
  oidcInternalUrl: httpUrl().optional(),
  oidcAudience: z.string().min(1).default('urn:stella:api'),
  oidcClientId: z.string().min(1),
  oidcClientSecret: secret(),
  oidcScope: z.string().min(1).optional(),
  oidcRolesClaim: list().prefault('stella_roles').pipe(z.array(CLAIM).min(1).max(10)),
  oidcRolePrefix: z.string().max(100).default(''),
  oidcTenantClaim: CLAIM.default('stella_tenant'),
  oidcTenantPrefix: z.string().max(100).default(''),
  oidcOrganisationClaim: CLAIM.default('stella_organisation'),
};

/** What every service reads; a variable's name is `variableName` of its member. */
export const SHARED_FIELDS = { ...LOG_FIELDS, ...SERVER_FIELDS, ...TLS_FIELDS, ...DATABASE_FIELDS, ...KAFKA_FIELDS, ...S3_FIELDS, ...OIDC_FIELDS, ...EVENT_RETENTION_FIELDS, ...TOPIC_RETENTION_FIELDS, ...UPLOAD_RETENTION_FIELDS };

export type SharedConfig = Readonly<z.output<z.ZodObject<typeof SHARED_FIELDS>>>;
export type S3Fields = Readonly<z.output<z.ZodObject<typeof S3_FIELDS>>>;
export type DatabaseConfig = Readonly<z.output<z.ZodObject<typeof DATABASE_FIELDS>>>;
