import { DomainError } from '@stella/errors';
import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { type ClaimPaths, principalOf, STELLA_CLAIMS } from './claims.js';
import type { Authenticator, Principal } from './principal.js';

/** Asymmetric algorithms only: with `none` or an HMAC a caller could make its own token. */
const ALGORITHMS = ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256'];
const CLOCK_TOLERANCE_S = 30;
const TOKEN_BYTES_MAX = 16_384;

export interface TokenVerifierConfig {
  readonly issuer: string;
  readonly audience: string;
  /** A remote set is fetched when an unknown key id appears, at most once in 30 s: so rotation needs no restart. */
  readonly keys: URL | JWTVerifyGetKey;
  readonly claims?: ClaimPaths;
  readonly now?: () => Date;
}

/** Bearer tokens as JWT access tokens (RFC 6750, RFC 9068) of one issuer for one audience. */
export class TokenVerifier implements Authenticator {
  readonly #keys: JWTVerifyGetKey;

  constructor(private readonly config: TokenVerifierConfig) {
    this.#keys = config.keys instanceof URL ? createRemoteJWKSet(config.keys) : config.keys;
  }

  async authenticate(authorization: string | undefined): Promise<Principal> {
    const [, token] = /^bearer ([A-Za-z0-9_.-]+)$/i.exec(authorization ?? '') ?? [];
    if (token === undefined || token.length > TOKEN_BYTES_MAX) throw refused('no bearer token');
    return principalOf(await this.#payload(token), this.config.claims ?? STELLA_CLAIMS);
  }

  async #payload(token: string) {
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer: this.config.issuer,
        audience: this.config.audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ['sub', 'exp', 'iat'],
        ...(this.config.now ? { currentDate: this.config.now() } : {}),
      });
      return payload;
    } catch (error) {
      // Unreachable keys are no statement about the token.
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) {
        throw new DomainError('UNAVAILABLE', { part: 'identity provider' }, { cause: error });
      }
      throw refused(error.code, error);
    }
  }
}

function refused(problem: string, cause?: unknown): DomainError {
  return new DomainError('UNAUTHENTICATED', { problem }, { cause });
}
