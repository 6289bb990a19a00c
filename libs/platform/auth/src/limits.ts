/** Metadata, key sets and token answers are a few KiB; Keycloak's metadata is 6. */
export const ISSUER_ANSWER_BYTES_MAX = 262_144;
export const ISSUER_TIMEOUT_MS = 5_000;
export const ISSUER_ATTEMPTS_MAX = 3;
export const ISSUER_RETRY_PAUSE_MS = 200;
/** Addresses of an issuer hardly ever change. */
export const METADATA_TTL_MS = 3_600_000;
/** How long after a key was withdrawn its tokens may still be accepted. */
export const KEYS_TTL_MS = 600_000;
/** How long the known keys serve while the issuer does not answer. */
export const KEYS_STALE_MS_MAX = 3_600_000;
/** How long a token that was verified is taken as such; its key may be withdrawn meanwhile. */
export const TOKEN_MEMORY_MS = 60_000;
export const TOKENS_REMEMBERED_MAX = 2_000;
/** An unknown key makes us ask the issuer at most this often: anybody can invent key ids. */
export const KEYS_COOLDOWN_MS = 10_000;
/** A token is renewed when a fifth of its life is left, at most this long before its end. */
export const RENEW_BEFORE_MS_MAX = 60_000;
/** After a refusal or an outage the issuer is not asked again sooner. */
export const TOKEN_PAUSE_MS = 1_000;
export const TOKEN_PAUSE_MS_MAX = 15_000;
/** What a person has to log in. */
export const LOGIN_TTL_MS = 600_000;
export const RETURN_PATH_CHARS_MAX = 2_000;
/** Tenants of one token. */
export const TENANTS_MAX = 100;
