import { limits } from '../limits.js';
import { StellaError, localError } from '../stella-error.js';
import { isLoopbackHost } from '../loopback.js';
import { readJson } from './read-json.js';
import type { TokenSource } from './token-source.js';

/** A client of the OIDC issuer (RFC 6749 §4.4). */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The issuer's URL, as in its tokens. */
  readonly issuer: string;
  /** The resource that tokens are for (RFC 8707), which becomes their audience. */
  readonly resource?: string;
  readonly scope?: string;
}

interface CachedToken {
  readonly value: string;
  readonly renewAtMs: number;
}

/** Gets tokens from the issuer, and keeps each until shortly before it ends; concurrent calls share one request. */
export class ClientCredentialsSource implements TokenSource {
  #endpoint: string | undefined;
  #cached: CachedToken | undefined;
  #pending: Promise<CachedToken> | undefined;

  constructor(
    private readonly credentials: ClientCredentials,
    private readonly nowMs: () => number = Date.now,
  ) {
    requireSafe(credentials.issuer);
  }

  async token(): Promise<string> {
    if (this.#cached && this.nowMs() < this.#cached.renewAtMs) return this.#cached.value;
    this.#pending ??= this.#request().finally(() => (this.#pending = undefined));
    this.#cached = await this.#pending;
    return this.#cached.value;
  }

  renew(): void {
    this.#cached = undefined;
  }

  async #request(): Promise<CachedToken> {
    const { clientId, clientSecret, resource, scope } = this.credentials;
    this.#endpoint ??= await this.#discover();
    const body = new URLSearchParams({ grant_type: 'client_credentials' });
    if (resource) body.set('resource', resource);
    if (scope) body.set('scope', scope);
    const basic = Buffer.from(`${formEncode(clientId)}:${formEncode(clientSecret)}`).toString('base64');
    const startMs = this.nowMs();
    const { httpStatus, json } = await this.#fetch(this.#endpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, accept: 'application/json' },
      body,
    });
    const value = json['access_token'];
    if (httpStatus !== 200 || typeof value !== 'string') {
      throw localError('UNAUTHENTICATED', { issuer: this.credentials.issuer, httpStatus: String(httpStatus), oauthError: String(json['error'] ?? 'none') });
    }
    const lifeMs = typeof json['expires_in'] === 'number' ? json['expires_in'] * 1000 : 0;
    // A short-lived token still serves a burst of calls.
    return { value, renewAtMs: startMs + Math.max(lifeMs - limits.tokenRenewalMs, lifeMs / 2) };
  }

  /** OpenID Connect Discovery 1.0 §4; the document has to be about the issuer that was asked for. */
  async #discover(): Promise<string> {
    const { issuer } = this.credentials;
    const { httpStatus, json } = await this.#fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {});
    const endpoint = json['token_endpoint'];
    if (httpStatus !== 200 || json['issuer'] !== issuer || typeof endpoint !== 'string') {
      throw localError('UNAUTHENTICATED', { issuer, httpStatus: String(httpStatus), answeredIssuer: String(json['issuer'] ?? 'none') });
    }
    requireSafe(endpoint);
    return endpoint;
  }

  async #fetch(url: string, init: RequestInit): Promise<{ httpStatus: number; json: Record<string, unknown> }> {
    try {
      const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(limits.tokenRequestTimeoutMs) });
      return { httpStatus: response.status, json: await readJson(response, limits.tokenAnswerBytesMax) };
    } catch (error) {
      if (error instanceof StellaError) throw error;
      throw localError('UNAVAILABLE', { issuer: this.credentials.issuer }, error);
    }
  }
}

/** The secret travels to this address. */
function requireSafe(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'https:' || (parsed?.protocol === 'http:' && isLoopbackHost(parsed.hostname))) return;
  throw localError('CONFIG_INVALID', { issuer: url, wanted: 'an https URL, or http on loopback' });
}

/** RFC 6749 §2.3.1: both halves are form-encoded before they are joined. */
function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}
