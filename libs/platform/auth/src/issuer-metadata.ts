import { DomainError } from '@stella/errors';
import { fetchDocument } from './fetch-json.js';
import { METADATA_TTL_MS } from './limits.js';

/** What the product needs of OpenID Connect Discovery 1.0. */
export interface Metadata {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly tokenEndpoint: string;
}

export interface IssuerConfig {
  /** As it stands in tokens, e.g. `https://sso.example/realms/stella`. */
  readonly issuer: string;
  /** Where it is asked, if tokens name it by an address that is not reached from here. Default: `issuer`. */
  readonly internalUrl?: string;
  readonly now?: () => number;
}

/** The metadata of an issuer: asked for once, kept for a while, and past that while the issuer is silent. */
export class IssuerMetadata {
  #known: { readonly metadata: Metadata; readonly atMs: number } | undefined;
  #pending: Promise<Metadata> | undefined;

  constructor(private readonly config: IssuerConfig) {}

  /** @throws DomainError `UNAVAILABLE`; `CONFIG_INVALID` when the address answers for another issuer */
  async get(): Promise<Metadata> {
    const now = (this.config.now ?? Date.now)();
    if (this.#known !== undefined && now - this.#known.atMs < METADATA_TTL_MS) return this.#known.metadata;
    this.#pending ??= this.#fetch(now).finally(() => (this.#pending = undefined));
    try {
      return await this.#pending;
    } catch (error) {
      if (this.#known === undefined) throw error;
      return this.#known.metadata;
    }
  }

  async #fetch(atMs: number): Promise<Metadata> {
    const { issuer, internalUrl = issuer } = this.config;
    const document = await fetchDocument(`${internalUrl.replace(/\/$/, '')}/.well-known/openid-configuration`);
    if (document['issuer'] !== issuer) {
      throw new DomainError('CONFIG_INVALID', { problem: 'the address answers for another issuer', expected: issuer, actual: String(document['issuer']).slice(0, 200) });
    }
    const metadata = { issuer, jwksUri: address(document, 'jwks_uri'), tokenEndpoint: address(document, 'token_endpoint') };
    this.#known = { metadata, atMs };
    return metadata;
  }
}

function address(document: Record<string, unknown>, name: string): string {
  const value = document[name];
  if (typeof value === 'string' && /^https?:\/\//.test(value)) return value;
  throw new DomainError('UNAVAILABLE', { part: 'identity provider', problem: `its metadata has no ${name}` });
}
