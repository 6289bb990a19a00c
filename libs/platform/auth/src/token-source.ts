import { DomainError } from '@stella/errors';

/** Gives the `authorization` value of outgoing calls. */
export interface TokenSource {
  authorization(): Promise<string>;
}

export interface ClientCredentials {
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly audience: string;
}

const RENEW_BEFORE_MS = 30_000;
const TIMEOUT_MS = 10_000;

/** OAuth 2.0 client credentials (RFC 6749, 4.4) for a resource (RFC 8707); a token is used until shortly before its end. */
export class ClientCredentialsSource implements TokenSource {
  #current: { readonly value: string; readonly renewAtMs: number } | undefined;
  #pending: Promise<string> | undefined;

  constructor(
    private readonly credentials: ClientCredentials,
    private readonly now: () => number = Date.now,
  ) {}

  authorization(): Promise<string> {
    if (this.#current && this.now() < this.#current.renewAtMs) return Promise.resolve(this.#current.value);
    this.#pending ??= this.#fetch().finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  async #fetch(): Promise<string> {
    const { tokenEndpoint, clientId, clientSecret, audience } = this.credentials;
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64');
    const response = await fetch(tokenEndpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new DomainError('UNAVAILABLE', { part: 'identity provider', endpoint: tokenEndpoint }, { cause });
    });
    const body = (await response.json().catch(() => ({}))) as { access_token?: string; expires_in?: number; error?: string };
    if (!response.ok || typeof body.access_token !== 'string') {
      throw new DomainError('UNAUTHENTICATED', { problem: body.error ?? `status ${response.status}`, clientId });
    }
    const value = `Bearer ${body.access_token}`;
    this.#current = { value, renewAtMs: this.now() + (body.expires_in ?? 0) * 1000 - RENEW_BEFORE_MS };
    return value;
  }
}
