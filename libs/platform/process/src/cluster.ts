import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientCredentialsSource, TokenVerifier } from '@stella/platform-auth';
import { LocalBlobCache, S3BlobStore, type S3Config } from '@stella/platform-blobs';
import type { RuntimeConfig } from '@stella/platform-runtime';
import type { Logger } from '@stella/platform-telemetry';
import type { SharedConfig } from './shared-fields.js';

type ClusterParts = Pick<RuntimeConfig, 'blobs' | 'authenticator' | 'connectionOf' | 'tokensOf' | 'migrations'>;

/** The servers of a cluster behind the ports of a service. */
export async function connectCluster(_name: string, config: SharedConfig, _logger: Logger): Promise<ClusterParts> {
  const { oidcIssuer: issuer, oidcAudience: audience } = config;
  const claims = { tenant: config.oidcTenantClaim, organisation: config.oidcOrganisationClaim, roles: config.oidcRolesClaim };
  const tokens = new ClientCredentialsSource({ tokenEndpoint: `${issuer}/token`, audience, clientId: config.oidcClientId, clientSecret: config.oidcClientSecret.reveal() });
  return {
    blobs: await openBlobs(config),
    authenticator: new TokenVerifier({ issuer, audience, keys: new URL(`${issuer}/jwks`), claims }),
    connectionOf: () => Promise.resolve({ connectionString: config.databaseUrl.reveal() }),
    tokensOf: () => tokens,
    migrations: 'require',
  };
}

async function openBlobs(config: SharedConfig): Promise<S3BlobStore> {
  const cache = await LocalBlobCache.open(config.blobCacheFolder ?? join(tmpdir(), `stella-blobs-${process.getuid?.()}`), { sizeBytesMax: config.blobCacheSize });
  return S3BlobStore.open(s3Of(config), cache);
}

export function s3Of(config: SharedConfig): S3Config {
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
