import { DomainError } from '@stella/errors';
import { errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { type ClaimPaths, principalOf, STELLA_CLAIMS } from './claims.js';
import { IssuerKeys } from './issuer-keys.js';
import { type IssuerConfig, IssuerMetadata } from './issuer-metadata.js';
import type { Authenticator, Principal } from './principal.js';
import { TokenMemory } from './token-memory.js';

/** Asymmetric algorithms only: with `none` or an HMAC a caller could make its own token. */
const ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256'];
/** Of an access token; an ID token or a logout token of the same issuer is none, though it may have the audience. */
const HEADER_TYPES = new Set([undefined, 'jwt', 'at+jwt', 'application/at+jwt']);
const OTHER_KINDS = new Set(['ID', 'Refresh', 'Offline', 'Logout']);
const CLOCK_TOLERANCE_S = 30;
const TOKEN_BYTES_MAX = 16_384;

export interface TokenVerifierConfig {
  readonly issuer: string;
  readonly audience: string;
  /** An address of a key set is asked for again when it is old or an unknown key appears: so rotation needs no restart. */
  readonly keys: URL | JWTVerifyGetKey;
  readonly claims?: ClaimPaths;
  readonly clockToleranceS?: number;
  readonly now?: () => Date;
  /** Of what is remembered, where that is another clock. */
  readonly nowMs?: () => number;
}

/** Bearer tokens as JWT access tokens (RFC 6750, RFC 9068) of one issuer for one audience. */
export class TokenVerifier implements Authenticator {
  readonly #keys: JWTVerifyGetKey;
  readonly #memory = new TokenMemory();

  constructor(private readonly config: TokenVerifierConfig) {
    const { keys } = config;
    this.#keys = keys instanceof URL ? new IssuerKeys(() => Promise.resolve(keys.href)).get : keys;
  }

  /** Of any OpenID issuer, which says itself where its keys are; nobody is asked before the first token comes. */
  static ofIssuer(issuer: IssuerConfig, config: Omit<TokenVerifierConfig, 'issuer' | 'keys'>): TokenVerifier {
    const metadata = new IssuerMetadata(issuer);
    const keys = new IssuerKeys(async () => (await metadata.get()).jwksUri, issuer.now);
    return new TokenVerifier({ ...(issuer.now ? { nowMs: issuer.now } : {}), ...config, issuer: issuer.issuer, keys: keys.get });
  }

  async authenticate(authorization: string | undefined): Promise<Principal> {
    const token = tokenOf(authorization);
    if (token === undefined) throw refused('no bearer token');
    const nowMs = this.#nowMs();
    const known = this.#memory.find(token, nowMs);
    if (known) return known;
    const payload = await this.#payload(token);
    const principal = principalOf(payload, this.config.claims ?? STELLA_CLAIMS);
    this.#memory.remember(token, principal, (payload.exp ?? 0) * 1_000, nowMs);
    return principal;
  }

  remembered(authorization: string | undefined): Principal | undefined {
    const token = tokenOf(authorization);
    return token === undefined ? undefined : this.#memory.find(token, this.#nowMs());
  }

  #nowMs(): number {
    const { now, nowMs } = this.config;
    return now ? now().getTime() : (nowMs ?? Date.now)();
  }

  async #payload(token: string) {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, this.#keys, {
        issuer: this.config.issuer,
        audience: this.config.audience,
        algorithms: ALGORITHMS,
        clockTolerance: this.config.clockToleranceS ?? CLOCK_TOLERANCE_S,
        requiredClaims: ['sub', 'exp', 'iat'],
        ...(this.config.now ? { currentDate: this.config.now() } : {}),
      });
      if (!HEADER_TYPES.has(protectedHeader.typ?.toLowerCase()) || OTHER_KINDS.has(String(payload['typ']))) throw refused('no access token');
      return payload;
    } catch (error) {
      if (error instanceof DomainError) throw error;
      // What is no statement about the token does not refuse it.
      if (!(error instanceof errors.JOSEError)) throw new DomainError('UNAVAILABLE', { part: 'identity provider' }, { cause: error });
      throw refused(error.code, error);
    }
  }
}

function tokenOf(authorization: string | undefined): string | undefined {
  const [, token] = /^bearer ([A-Za-z0-9_.-]+)$/i.exec(authorization ?? '') ?? [];
  return token === undefined || token.length > TOKEN_BYTES_MAX ? undefined : token;
}

function refused(problem: string, cause?: unknown): DomainError {
  return new DomainError('UNAUTHENTICATED', { problem }, { cause });
}
