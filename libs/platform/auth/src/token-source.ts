import { DomainError } from '@stella/errors';
import { fetchJson } from './fetch-json.js';
import type { IssuerMetadata } from './issuer-metadata.js';
import { RENEW_BEFORE_MS_MAX, TOKEN_PAUSE_MS, TOKEN_PAUSE_MS_MAX } from './limits.js';

/** Gives the `authorization` value of outgoing calls. */
export interface TokenSource {
  authorization(): Promise<string>;
  /** Somebody did not take this value: it is not given again. */
  refused?(authorization: string): void;
}

export interface ClientCredentials {
  readonly tokenEndpoint: string | IssuerMetadata;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The resource that the token is for (RFC 8707), as most issuers want it named. */
  readonly audience?: string;
  /** Keycloak gives its tokens their audience by a mapper of the client or of a scope that is asked for here. */
  readonly scope?: string;
}

interface Current {
  readonly value: string;
  readonly renewAtMs: number;
  readonly endsAtMs: number;
}

/**
 * OAuth 2.0 client credentials (RFC 6749, 4.4). A token is renewed ahead of its end, by one request whoever waits; while
 * that fails the present one is given to its end, and the issuer is asked ever more seldom.
 */
export class ClientCredentialsSource implements TokenSource {
  #current: Current | undefined;
  #pending: Promise<string> | undefined;
  #failure: { readonly error: unknown; readonly untilMs: number; readonly count: number } | undefined;

  constructor(
    private readonly credentials: ClientCredentials,
    private readonly now: () => number = Date.now,
  ) {}

  authorization(): Promise<string> {
    const [current, nowMs] = [this.#current, this.now()];
    if (current !== undefined && nowMs < current.renewAtMs) return Promise.resolve(current.value);
    const renewed = this.#renew(nowMs);
    if (current === undefined || nowMs >= current.endsAtMs) return renewed;
    renewed.catch(() => undefined);
    return Promise.resolve(current.value);
  }

  refused(authorization: string): void {
    if (this.#current?.value === authorization) this.#current = undefined;
  }

  #renew(nowMs: number): Promise<string> {
    if (this.#failure !== undefined && nowMs < this.#failure.untilMs) return Promise.reject(this.#failure.error);
    this.#pending ??= this.#fetch()
      .catch((error: unknown) => {
        const count = (this.#failure?.count ?? 0) + 1;
        const pauseMs = Math.min(TOKEN_PAUSE_MS * 2 ** (count - 1), TOKEN_PAUSE_MS_MAX) * (0.5 + Math.random() / 2);
        this.#failure = { error, untilMs: this.now() + pauseMs, count };
        throw error;
      })
      .finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  async #fetch(): Promise<string> {
    const { tokenEndpoint, clientId, clientSecret, audience, scope } = this.credentials;
    const endpoint = typeof tokenEndpoint === 'string' ? tokenEndpoint : (await tokenEndpoint.get()).tokenEndpoint;
    const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64');
    const { status, body } = await fetchJson(endpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(audience === undefined ? {} : { resource: audience }), ...(scope === undefined ? {} : { scope }) }),
    });
    const { access_token: token, expires_in: expiresInS, error } = body;
    if (status !== 200 || typeof token !== 'string') {
      throw new DomainError('UNAUTHENTICATED', { problem: typeof error === 'string' ? error.slice(0, 200) : `status ${status}`, clientId });
    }
    const lifeMs = (typeof expiresInS === 'number' ? expiresInS : 0) * 1_000;
    const endsAtMs = this.now() + lifeMs;
    this.#failure = undefined;
    this.#current = { value: `Bearer ${token}`, endsAtMs, renewAtMs: endsAtMs - Math.min(lifeMs / 5, RENEW_BEFORE_MS_MAX) };
    return this.#current.value;
  }
}
