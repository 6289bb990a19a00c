export interface Namespace {
  readonly id: string;
  readonly tenant: string;
  readonly createTime: Date;
}

/** A public key that may sign packs of a namespace. */
export interface PublisherKey {
  readonly namespaceId: string;
  /** SHA-256 of the SPKI, 64 hexadecimal digits. */
  readonly fingerprint: string;
  readonly spki: Uint8Array;
  readonly createTime: Date;
  readonly expireTime: Date | undefined;
  readonly revokeTime: Date | undefined;
}

/** Why a key must not be believed at a time. Revocation has no time: who has the key can write any date. */
export function keyDefect(key: PublisherKey, at: Date): 'KEY_REVOKED' | 'KEY_EXPIRED' | undefined {
  if (key.revokeTime) return 'KEY_REVOKED';
  return key.expireTime && key.expireTime <= at ? 'KEY_EXPIRED' : undefined;
}
