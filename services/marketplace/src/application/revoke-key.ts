import type { PublisherKey } from '../domain/namespace.js';
import { ownNamespace } from './namespaces.js';
import type { KeyRepository, MarketplaceFacts, NamespaceRepository, Transactions } from './ports.js';
import { foundKey } from './register-key.js';

/** Ends a key for good: nothing that it signed is accepted from then on, whatever date it bears. */
export class RevokeKey {
  constructor(
    private readonly transactions: Transactions,
    private readonly namespaces: NamespaceRepository,
    private readonly keys: KeyRepository,
    private readonly facts: MarketplaceFacts,
    private readonly clock: () => Date,
  ) {}

  /** Safe to repeat: the first time and reason stand. @throws DomainError KEY_NOT_REGISTERED, and as `ownNamespace` */
  async execute(tenant: string, namespaceId: string, fingerprint: string, reason: string): Promise<PublisherKey> {
    await this.transactions.tx(async (tx) => {
      await ownNamespace(this.namespaces, tenant, namespaceId, tx);
      const key = await this.keys.lock(tx, namespaceId, fingerprint);
      if (!key || key.revokeTime) return;
      await this.keys.revoke(tx, namespaceId, fingerprint, this.clock(), reason);
      this.facts.keyRevoked(tx, tenant, key, reason);
    });
    return foundKey(this.keys, namespaceId, fingerprint);
  }
}
