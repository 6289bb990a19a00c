import { DomainError } from '@stella/errors';
import * as client from 'openid-client';
import { ISSUER_TIMEOUT_MS, LOGIN_TTL_MS, RETURN_PATH_CHARS_MAX } from './limits.js';

const CLOCK_TOLERANCE_S = 30;
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

export interface OidcLoginConfig {
  readonly issuer: string;
  readonly clientId: string;
  /** None for a public client, which PKCE alone protects. */
  readonly clientSecret?: string;
  /** Where the issuer sends people back to; registered there. */
  readonly redirectUri: string;
  /** Default `openid profile`. Keycloak gives the API's audience by a scope of the client. */
  readonly scope?: string;
  /** The API that the access token is for (RFC 8707), where the issuer wants it named. */
  readonly resource?: string;
  /** Plain HTTP elsewhere than on loopback. */
  readonly allowInsecure?: boolean;
  readonly now?: () => number;
}

/** What has to be kept between the two halves of a login, where the browser cannot read or change it: plain data. */
export interface LoginAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly startedAtMs: number;
  /** A path of the console. */
  readonly returnTo: string;
}

/** Who is logged in: plain data that a session store keeps. The tokens are secrets. */
export interface LoginSession {
  readonly subject: string;
  readonly name: string;
  readonly accessToken: string;
  readonly accessTokenEndsAtMs: number;
  readonly refreshToken?: string;
  readonly idToken: string;
}

/** The console's login: authorization code with PKCE (RFC 7636), state and nonce (OpenID Connect Core 1.0, section 3.1). */
export class OidcLogin {
  private constructor(
    private readonly config: OidcLoginConfig,
    private readonly issuer: client.Configuration,
  ) {}

  /** Asks the issuer for its metadata. @throws DomainError `UNAVAILABLE`, `CONFIG_INVALID` */
  static async discover(config: OidcLoginConfig): Promise<OidcLogin> {
    const url = new URL(config.issuer);
    const isInsecure = url.protocol === 'http:';
    if (isInsecure && config.allowInsecure !== true && !LOOPBACK.has(url.hostname)) throw new DomainError('CONFIG_INVALID', { problem: 'an issuer is reached by HTTPS', issuer: config.issuer });
    const authentication = config.clientSecret === undefined ? client.None() : client.ClientSecretBasic(config.clientSecret);
    const metadata = { [client.clockTolerance]: CLOCK_TOLERANCE_S };
    const options = { timeout: ISSUER_TIMEOUT_MS / 1_000, ...(isInsecure ? { execute: [client.allowInsecureRequests] } : {}) };
    const issuer = await client.discovery(url, config.clientId, metadata, authentication, options).catch((error: unknown) => {
      throw translate(error);
    });
    return new OidcLogin(config, issuer);
  }

  /** @param returnTo a path of the console; anything else becomes `/`, as it could lead people away */
  async start(returnTo = '/'): Promise<{ readonly url: string; readonly attempt: LoginAttempt }> {
    const attempt: LoginAttempt = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      codeVerifier: client.randomPKCECodeVerifier(),
      startedAtMs: this.#now(),
      returnTo: ownPath(returnTo),
    };
    const url = client.buildAuthorizationUrl(this.issuer, {
      redirect_uri: this.config.redirectUri,
      scope: this.config.scope ?? 'openid profile',
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(attempt.codeVerifier),
      code_challenge_method: 'S256',
      ...this.#resource(),
    });
    return { url: url.href, attempt };
  }

  /**
   * @param callback path and query with which the browser came back
   * @throws DomainError `LOGIN_FAILED` where anything does not fit the attempt, `UNAVAILABLE`
   */
  async finish(callback: string, attempt: LoginAttempt): Promise<LoginSession> {
    if (this.#now() - attempt.startedAtMs > LOGIN_TTL_MS) throw new DomainError('LOGIN_FAILED', { problem: 'the login took too long' });
    const { search } = new URL(callback, this.config.redirectUri);
    const url = new URL(this.config.redirectUri);
    url.search = search;
    const checks = { expectedState: attempt.state, expectedNonce: attempt.nonce, pkceCodeVerifier: attempt.codeVerifier, idTokenExpected: true };
    const tokens = await client.authorizationCodeGrant(this.issuer, url, checks, this.#resource()).catch((error: unknown) => {
      throw translate(error);
    });
    return this.#session(tokens);
  }

  /** New tokens for those of a session. @throws DomainError `SESSION_ENDED` where the issuer has ended it, `UNAVAILABLE` */
  async refresh(session: LoginSession): Promise<LoginSession> {
    if (session.refreshToken === undefined) throw new DomainError('SESSION_ENDED', { problem: 'no refresh token' });
    const tokens = await client.refreshTokenGrant(this.issuer, session.refreshToken, this.#resource()).catch((error: unknown) => {
      throw translate(error, 'SESSION_ENDED');
    });
    const { sub } = tokens.claims() ?? { sub: session.subject };
    if (sub !== session.subject) throw new DomainError('SESSION_ENDED', { problem: 'the tokens are of somebody else' });
    return this.#session(tokens, session);
  }

  /** Where the browser is sent to end the session at the issuer too (OpenID Connect RP-Initiated Logout 1.0); undefined: it knows no such thing. */
  logoutUrl(session: LoginSession, returnTo: string): string | undefined {
    if (this.issuer.serverMetadata().end_session_endpoint === undefined) return undefined;
    return client.buildEndSessionUrl(this.issuer, { id_token_hint: session.idToken, post_logout_redirect_uri: returnTo }).href;
  }

  #session(tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers, before?: LoginSession): LoginSession {
    const claims = tokens.claims();
    const name = claims?.['preferred_username'] ?? claims?.['name'];
    const subject = claims?.sub ?? before?.subject;
    const idToken = tokens.id_token ?? before?.idToken;
    if (subject === undefined || idToken === undefined) throw new DomainError('LOGIN_FAILED', { problem: 'no ID token' });
    const refreshToken = tokens.refresh_token ?? before?.refreshToken;
    return {
      subject,
      name: typeof name === 'string' ? name : (before?.name ?? subject),
      accessToken: tokens.access_token,
      accessTokenEndsAtMs: this.#now() + (tokens.expiresIn() ?? 0) * 1_000,
      ...(refreshToken === undefined ? {} : { refreshToken }),
      idToken,
    };
  }

  #resource(): Record<string, string> {
    return this.config.resource === undefined ? {} : { resource: this.config.resource };
  }

  #now(): number {
    return (this.config.now ?? Date.now)();
  }
}

function ownPath(path: string): string {
  // `//host` and `/\host` lead to another host.
  return /^\/(?![/\\])/.test(path) && path.length <= RETURN_PATH_CHARS_MAX && !/[\s\\]/.test(path) ? path : '/';
}

function translate(error: unknown, refusal: 'LOGIN_FAILED' | 'SESSION_ENDED' = 'LOGIN_FAILED'): DomainError {
  const { code, status, error: word, cause } = error as { code?: string; status?: number; error?: string; cause?: unknown };
  const isSilent = error instanceof TypeError || (status ?? 0) >= 500 || code === 'OAUTH_TIMEOUT' || (cause instanceof Response && cause.status >= 500) || /fetch failed/.test(String((cause as Error | undefined)?.message));
  if (isSilent) return new DomainError('UNAVAILABLE', { part: 'identity provider' }, { cause: error });
  return new DomainError(refusal, { problem: (word ?? code ?? (error as Error).name).slice(0, 200) }, { cause: error });
}
