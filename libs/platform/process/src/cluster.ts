import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientCredentialsSource, TokenVerifier } from '@stella/platform-auth';
import { DirectoryBlobStore } from '@stella/platform-blobs';
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
    blobs: await DirectoryBlobStore.open(config.blobCacheFolder ?? join(tmpdir(), 'stella-blobs')),
    authenticator: new TokenVerifier({ issuer, audience, keys: new URL(`${issuer}/jwks`), claims }),
    connectionOf: () => Promise.resolve({ connectionString: config.databaseUrl.reveal() }),
    tokensOf: () => tokens,
    migrations: 'require',
  };
}
