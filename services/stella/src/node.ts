import { join } from 'node:path';
import { ClientCredentialsSource, DevelopmentIssuer, TokenVerifier } from '@stella/platform-auth';
import { DirectoryBlobStore } from '@stella/platform-blobs';
import { EmbeddedPostgres, provisionService } from '@stella/platform-database';
import { Runtime } from '@stella/platform-runtime';
import type { Logger } from '@stella/platform-telemetry';
import { type Installation, openInstallation } from './installation.js';
import { lockFolder } from './lock-folder.js';
import { nodeServices, type NodeSettings } from './node-services.js';
import { portInUse } from './port-in-use.js';

const AUDIENCE = 'urn:stella:api';

export interface StellaNodeOptions extends NodeSettings {
  /** Holds everything that the node keeps; one process at a time. */
  readonly folder: string;
  /** A domain name of the operator's, e.g. `acme.example`. */
  readonly organisation: string;
  /** 0: free ones. */
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly identityPort: number;
  readonly logger: Logger;
  /** Only for tests: commits are not flushed to disk. */
  readonly withoutDurability?: boolean;
  /** Called with the name of what starts next. */
  readonly onProgress?: (what: string) => void;
}

/** How a client reaches a node. */
export interface NodeConnection {
  readonly grpcAddress: string;
  readonly httpAddress: string;
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The embedded system: every service in this process, with a database, an identity provider and blobs of its own. */
export class StellaNode {
  private constructor(
    readonly installation: Installation,
    readonly runtime: Runtime,
    readonly connection: NodeConnection,
    private readonly closers: (() => Promise<void>)[],
  ) {}

  /** @throws DomainError NODE_RUNNING, PORT_IN_USE, DATABASE_START_FAILED, CONFIG_INVALID; nothing stays behind */
  static async start(options: StellaNodeOptions): Promise<StellaNode> {
    const closers: (() => Promise<void>)[] = [];
    try {
      const now = new Date();
      const installation = await openInstallation(options.folder, options.organisation, now);
      const { folder, keys, account, serviceAccounts } = installation;
      closers.unshift(await lockFolder(folder));
      options.onProgress?.('database');
      const postgres = await EmbeddedPostgres.start({
        dataFolder: join(folder, 'postgres'),
        socketFolder: join(folder, 'run'),
        ...(options.withoutDurability ? { withoutDurability: true } : {}),
      });
      closers.unshift(() => postgres.stop());
      const administrator = await postgres.createDatabase('stella');
      options.onProgress?.('identity provider');
      const issuer = await DevelopmentIssuer.start({
        profile: 'embedded',
        port: options.identityPort,
        audience: AUDIENCE,
        signingKeyPem: keys.identity.toPem(),
        clients: [account, ...serviceAccounts],
      });
      closers.unshift(() => issuer.stop());
      const credentials = { tokenEndpoint: issuer.tokenEndpoint, audience: AUDIENCE };
      options.onProgress?.('services');
      const runtime = await Runtime.start({
        profile: 'embedded',
        services: await nodeServices(installation, options),
        grpcPort: options.grpcPort,
        httpPort: options.httpPort,
        blobs: await DirectoryBlobStore.open(join(folder, 'blobs')),
        authenticator: new TokenVerifier({ issuer: issuer.issuer, audience: AUDIENCE, keys: issuer.jwksUri }),
        connectionOf: async (name) => (await provisionService(administrator, name)).connection,
        tokensOf: (name) => {
          const client = serviceAccounts.find(({ clientId }) => clientId === `service-${name}`);
          if (!client) throw new Error(`no account for the service ${name}`);
          return new ClientCredentialsSource({ ...credentials, clientId: client.clientId, clientSecret: client.clientSecret });
        },
        logger: options.logger,
        ...(options.retention && { eventRetention: options.retention.events }),
      });
      closers.unshift(() => runtime.stop());
      const { grpcAddress, httpAddress } = runtime;
      const { clientId, clientSecret } = account;
      return new StellaNode(installation, runtime, { grpcAddress, httpAddress, issuer: issuer.issuer, ...credentials, clientId, clientSecret }, closers);
    } catch (error) {
      await closeAll(closers);
      throw portInUse(error) ?? error;
    }
  }

  settle(timeoutMs?: number): Promise<void> {
    return this.runtime.settle(timeoutMs);
  }

  async stop(): Promise<void> {
    await closeAll(this.closers.splice(0));
  }
}

/** The last one started is closed first; one that fails does not keep the others from closing. */
async function closeAll(closers: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers) await close().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
}
