import { DomainError } from '@stella/errors';
import type { Sql } from '@stella/platform-database';
import type { Namespace } from '../domain/namespace.js';
import type { NamespaceRepository } from './ports.js';

/**
 * The namespace, if it is the tenant's own. Names of namespaces are public, so that another's is refused and not hidden.
 * @throws DomainError NAMESPACE_NOT_FOUND, PERMISSION_DENIED
 */
export async function ownNamespace(namespaces: NamespaceRepository, tenant: string, id: string, tx?: Sql): Promise<Namespace> {
  const namespace = await namespaces.find(id, tx);
  if (!namespace) throw new DomainError('NAMESPACE_NOT_FOUND', { namespace: id });
  if (namespace.tenant !== tenant) throw new DomainError('PERMISSION_DENIED', { namespace: id, problem: "another tenant's namespace" });
  return namespace;
}
