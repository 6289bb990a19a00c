import { DomainError } from '@stella/errors';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { fetchDocument } from './fetch-json.js';
import { KEYS_COOLDOWN_MS, KEYS_STALE_MS_MAX, KEYS_TTL_MS } from './limits.js';

interface KeySet {
  readonly keys: JWTVerifyGetKey;
  readonly atMs: number;
}

/**
 * The signing keys of an issuer. They are asked for again when they are old and when an unknown key appears, so that a
 * rotation needs no restart. While the issuer is silent the known keys go on for a bounded time; an unknown one is then
 * no statement about its token.
 */
export class IssuerKeys {
  #known: KeySet | undefined;
  #pending: Promise<KeySet> | undefined;
  #failure: { readonly error: unknown; readonly atMs: number } | undefined;

  constructor(
    private readonly jwksUri: () => Promise<string>,
    private readonly now: () => number = Date.now,
  ) {}

  /** As jose wants it. @throws DomainError `UNAVAILABLE`; JWKSNoMatchingKey when the issuer says that it has no such key */
  readonly get: JWTVerifyGetKey = async (header, token) => {
    const set = await this.#usable();
    try {
      return await set.keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || this.now() - set.atMs < KEYS_COOLDOWN_MS) throw error;
      return (await this.#fetch()).keys(header, token);
    }
  };

  async #usable(): Promise<KeySet> {
    const known = this.#known;
    const ageMs = known === undefined ? Infinity : this.now() - known.atMs;
    if (known === undefined || ageMs > KEYS_STALE_MS_MAX) return this.#fetch();
    if (ageMs < KEYS_TTL_MS) return known;
    return this.#fetch().catch(() => known);
  }

  #fetch(): Promise<KeySet> {
    // A silent issuer is not asked for every request that comes in.
    if (this.#failure !== undefined && this.now() - this.#failure.atMs < KEYS_COOLDOWN_MS) return Promise.reject(this.#failure.error);
    this.#pending ??= this.#load().finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  async #load(): Promise<KeySet> {
    try {
      const document = await fetchDocument(await this.jwksUri());
      this.#known = { keys: createLocalJWKSet(signingKeys(document)), atMs: this.now() };
      this.#failure = undefined;
      return this.#known;
    } catch (error) {
      this.#failure = { error, atMs: this.now() };
      throw error;
    }
  }
}

function signingKeys({ keys }: Record<string, unknown>): JSONWebKeySet {
  if (!Array.isArray(keys)) throw new DomainError('UNAVAILABLE', { part: 'identity provider', problem: 'its key set has no keys' });
  // Keycloak lists its encryption keys too.
  return { keys: keys.filter((key: { use?: unknown }) => key.use === undefined || key.use === 'sig') } as JSONWebKeySet;
}
