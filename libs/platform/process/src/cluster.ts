import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientCredentialsSource, IssuerMetadata, TokenVerifier } from '@stella/platform-auth';
import { keepSwept, LocalBlobCache, S3BlobStore, type S3Config } from '@stella/platform-blobs';
import { type DatabaseAddress, databaseConnection } from '@stella/platform-database';
import { KafkaBus, type KafkaConnection } from '@stella/platform-events';
import type { RuntimeConfig } from '@stella/platform-runtime';
import type { Logger } from '@stella/platform-telemetry';
import { eventRetentionOf } from './retention-fields.js';
import type { DatabaseConfig, S3Fields, SharedConfig } from './shared-fields.js';

type ClusterParts = Pick<RuntimeConfig, 'databaseLimits' | 'blobs' | 'bus' | 'authenticator' | 'connectionOf' | 'tokensOf' | 'migrations' | 'eventRetention'>;

/** The servers of a cluster behind the ports of a service. @throws DomainError CONFIG_INVALID, BLOB_BUCKET_MISSING, BLOB_STORE_DENIED, UNAVAILABLE */
export async function connectCluster(name: string, config: SharedConfig, logger: Logger): Promise<ClusterParts> {
  const tokens = tokensOf(config);
  return {
    blobs: await openBlobs(config, logger),
    bus: new KafkaBus({ connection: kafkaOf(name, config), logger }),
    authenticator: authenticatorOf(config),
    connectionOf: () => Promise.resolve(connectionOf(config)),
    databaseLimits: {
      connectionsMax: config.databaseConnectionsMax,
      statementTimeoutMs: config.databaseStatementTimeout,
      lockTimeoutMs: config.databaseLockTimeout,
      idleInTransactionTimeoutMs: config.databaseIdleTimeout,
    },
    eventRetention: eventRetentionOf(config),
    tokensOf: () => tokens,
    migrations: 'require',
  };
}

/** @throws DomainError CONFIG_INVALID */
export function connectionOf(config: DatabaseConfig): ReturnType<typeof databaseConnection> {
  return databaseConnection(addressOf(config));
}

export function addressOf({ databaseUrl: url, databaseCa: ca, databaseCertificate: certificate, databaseKey: key }: DatabaseConfig): DatabaseAddress {
  return {
    url: url.reveal(),
    ...(ca === undefined ? {} : { certificateAuthority: ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key: key.reveal() }),
  };
}

function kafkaOf(name: string, config: SharedConfig): KafkaConnection {
  const { kafkaCa: ca, kafkaCertificate: certificate, kafkaKey: key, kafkaSaslMechanism: mechanism, kafkaSaslUsername: username, kafkaSaslPassword: password } = config;
  const tls = { ...(ca === undefined ? {} : { ca }), ...(certificate === undefined ? {} : { certificate }), ...(key === undefined ? {} : { key }) };
  return {
    brokers: config.kafkaBrokers,
    clientId: `stella-${name}`,
    topicPrefix: config.kafkaTopicPrefix,
    ...(config.kafkaTls ? { tls } : {}),
    ...(mechanism === undefined || username === undefined || password === undefined ? {} : { sasl: { mechanism, username, password } }),
  };
}

function authenticatorOf(config: SharedConfig): TokenVerifier {
  const claims = {
    roles: config.oidcRolesClaim,
    rolePrefix: config.oidcRolePrefix,
    tenant: config.oidcTenantClaim,
    tenantPrefix: config.oidcTenantPrefix,
    organisation: config.oidcOrganisationClaim,
    organisationDefault: config.organisation,
  };
  return TokenVerifier.ofIssuer(issuerOf(config), { audience: config.oidcAudience, claims });
}

function tokensOf(config: SharedConfig): ClientCredentialsSource {
  const { oidcAudience: audience, oidcClientId: clientId, oidcScope: scope } = config;
  const clientSecret = config.oidcClientSecret.reveal();
  return new ClientCredentialsSource({ tokenEndpoint: new IssuerMetadata(issuerOf(config)), audience, clientId, clientSecret, ...(scope === undefined ? {} : { scope }) });
}

function issuerOf({ oidcIssuer: issuer, oidcInternalUrl: internalUrl }: SharedConfig) {
  return { issuer, ...(internalUrl === undefined ? {} : { internalUrl }) };
}

async function openBlobs(config: SharedConfig, logger: Logger): Promise<S3BlobStore> {
  const cache = await LocalBlobCache.open(config.blobCacheFolder ?? join(tmpdir(), `stella-blobs-${process.getuid?.()}`), { sizeBytesMax: config.blobCacheSize });
  const store = await S3BlobStore.open(s3Of(config), cache);
  keepSwept(store, {
    olderThanMs: config.retentionUploads,
    report: (swept, error) => {
      if (swept === undefined) logger.warn({ err: error }, 'the blob store could not be swept; trying again later');
      else if (swept.uploads + swept.objects > 0) logger.info({ ...swept }, 'uploads that nobody finished were swept');
    },
  });
  return store;
}

export function s3Of(config: S3Fields): S3Config {
  return {
    endpoint: config.s3Endpoint,
    bucket: config.s3Bucket,
    region: config.s3Region,
    prefix: config.s3Prefix,
    virtualHosts: config.s3VirtualHosts,
    accessKey: config.s3AccessKey.reveal(),
    secretKey: config.s3SecretKey.reveal(),
    ...(config.s3Ca === undefined ? {} : { certificateAuthority: config.s3Ca }),
    ...(config.s3PublicEndpoint === undefined ? {} : { publicEndpoint: config.s3PublicEndpoint }),
  };
}
