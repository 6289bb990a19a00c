import { publicKeyFromSpki } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import { keyDefect, type PublisherKey } from '../domain/namespace.js';
import { limits } from '../limits.js';
import { ownNamespace } from './namespaces.js';
import type { Once, RequestKey } from './once.js';
import type { KeyRepository, MarketplaceFacts, NamespaceRepository } from './ports.js';

export interface KeyToRegister {
  readonly namespaceId: string;
  readonly spki: Uint8Array;
  readonly expireTime: Date | undefined;
}

/** Lets a public key sign packs of a namespace. A key that is registered already keeps what it has. */
export class RegisterKey {
  constructor(
    private readonly once: Once,
    private readonly namespaces: NamespaceRepository,
    private readonly keys: KeyRepository,
    private readonly facts: MarketplaceFacts,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError KEY_MALFORMED, KEY_EXPIRED, KEY_REVOKED, KEY_QUOTA_SPENT, and as `ownNamespace` and `Once` */
  async execute(request: RequestKey, { namespaceId, spki, expireTime }: KeyToRegister): Promise<PublisherKey> {
    const { fingerprint } = publicKeyFromSpki(spki);
    const parts = ['register-key', namespaceId, fingerprint, expireTime?.toISOString() ?? ''];
    await this.once.execute(request, parts, async (tx) => {
      await ownNamespace(this.namespaces, request.tenant, namespaceId, tx);
      const now = this.clock();
      const known = await this.keys.list(namespaceId, tx);
      const before = known.find((key) => key.fingerprint === fingerprint);
      const key = before ?? { namespaceId, fingerprint, spki, createTime: now, expireTime, revokeTime: undefined };
      const defect = keyDefect(key, now);
      if (defect) throw new DomainError(defect, { key: fingerprint });
      if (before) return fingerprint;
      if (known.length >= limits.keysPerNamespaceMax) throw new DomainError('KEY_QUOTA_SPENT', { keysMax: String(limits.keysPerNamespaceMax) });
      await this.keys.insert(tx, request.tenant, key);
      this.facts.keyRegistered(tx, request.tenant, key);
      return fingerprint;
    });
    return foundKey(this.keys, namespaceId, fingerprint);
  }
}

/** @throws DomainError KEY_NOT_REGISTERED */
export async function foundKey(keys: KeyRepository, namespaceId: string, fingerprint: string): Promise<PublisherKey> {
  const key = await keys.find(namespaceId, fingerprint);
  if (!key) throw new DomainError('KEY_NOT_REGISTERED', { namespace: namespaceId, key: fingerprint });
  return key;
}
