import { DomainError } from '@stella/errors';
import type { Namespace } from '../domain/namespace.js';
import { limits } from '../limits.js';
import { ownNamespace } from './namespaces.js';
import type { Once, RequestKey } from './once.js';
import type { MarketplaceFacts, NamespaceRepository } from './ports.js';

/** Takes a namespace for a tenant. */
export class CreateNamespace {
  constructor(
    private readonly once: Once,
    private readonly namespaces: NamespaceRepository,
    private readonly facts: MarketplaceFacts,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError NAMESPACE_TAKEN, NAMESPACE_QUOTA_SPENT, REQUEST_ID_REUSED */
  async execute(key: RequestKey, id: string): Promise<Namespace> {
    const { tenant } = key;
    await this.once.execute(key, ['create-namespace', id], async (tx) => {
      if ((await this.namespaces.countOf(tenant, tx)) >= limits.namespacesPerTenantMax) {
        throw new DomainError('NAMESPACE_QUOTA_SPENT', { namespacesMax: String(limits.namespacesPerTenantMax) });
      }
      const namespace = { id, tenant, createTime: this.clock() };
      if (!(await this.namespaces.insert(tx, namespace))) throw new DomainError('NAMESPACE_TAKEN', { namespace: id });
      this.facts.namespaceCreated(tx, namespace);
      return id;
    });
    return ownNamespace(this.namespaces, tenant, id);
  }
}
