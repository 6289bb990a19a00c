import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DomainError } from '@stella/errors';
import { calculateJwkThumbprint, exportJWK, importPKCS8 } from 'jose';
import type { Role } from './principal.js';

const TOKEN_TTL_S = 900;
const HOST = '127.0.0.1';

/** A program or person that the issuer knows. */
export interface DevelopmentClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly tenant: string;
  readonly organisation: string;
  readonly roles: readonly Role[];
}

export interface DevelopmentIssuerConfig {
  readonly profile: string;
  /** 0: a free one. */
  readonly port: number;
  readonly audience: string;
  /** PKCS #8 PEM of an Ed25519 key; its key id begins with `dev:`. */
  readonly signingKeyPem: string;
  readonly clients: readonly DevelopmentClient[];
}

/**
 * An OpenID provider on loopback for the embedded profile: client credentials, JWT access tokens.
 * @throws DomainError `CONFIG_INVALID` in any other profile
 */
export class DevelopmentIssuer {
  private constructor(
    private readonly server: Server,
    readonly issuer: string,
  ) {}

  get tokenEndpoint(): string {
    return `${this.issuer}/token`;
  }

  get jwksUri(): URL {
    return new URL(`${this.issuer}/jwks`);
  }

  static async start(config: DevelopmentIssuerConfig): Promise<DevelopmentIssuer> {
    if (config.profile !== 'embedded') {
      throw new DomainError('CONFIG_INVALID', { profile: config.profile, problem: 'the development issuer serves the embedded profile only' });
    }
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(config.port, HOST, resolve);
    });
    const issuer = `http://${HOST}:${(server.address() as AddressInfo).port}`;
    try {
      server.on('request', (await provider(issuer, config)).callback());
    } catch (error) {
      server.close();
      throw error;
    }
    return new DevelopmentIssuer(server, issuer);
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

async function provider(issuer: string, config: DevelopmentIssuerConfig) {
  const { default: Provider } = await import('oidc-provider');
  const byId = new Map(config.clients.map((client) => [client.clientId, client]));
  return new Provider(issuer, {
    adapter: NoStorage,
    clients: config.clients.map(({ clientId, clientSecret }) => ({
      client_id: clientId,
      client_secret: clientSecret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    clientDefaults: { id_token_signed_response_alg: 'EdDSA' },
    jwks: { keys: [await signingKey(config.signingKeyPem)] },
    cookies: { keys: [config.signingKeyPem] },
    ttl: { ClientCredentials: TOKEN_TTL_S },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => config.audience,
        getResourceServerInfo: () => ({
          scope: 'stella',
          audience: config.audience,
          accessTokenTTL: TOKEN_TTL_S,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'EdDSA' } },
        }),
      },
    },
    extraTokenClaims: (_context: unknown, token: { clientId: string }) => {
      const client = byId.get(token.clientId);
      return client && { stella_tenant: client.tenant, stella_organisation: client.organisation, stella_roles: client.roles };
    },
  });
}

async function signingKey(pem: string) {
  const jwk = await exportJWK(await importPKCS8(pem, 'EdDSA', { extractable: true }));
  return { ...jwk, kid: `dev:${await calculateJwkThumbprint(jwk)}`, alg: 'EdDSA', use: 'sig' };
}

/** Nothing is kept: clients stand in the configuration, and access tokens are signed documents. */
class NoStorage {
  upsert(): Promise<void> {
    return Promise.resolve();
  }

  find(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  findByUid(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  findByUserCode(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  consume(): Promise<void> {
    return Promise.resolve();
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }

  revokeByGrantId(): Promise<void> {
    return Promise.resolve();
  }
}
