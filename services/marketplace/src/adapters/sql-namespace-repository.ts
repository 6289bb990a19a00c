import type { Database, Sql, Tx } from '@stella/platform-database';
import type { NamespaceRepository } from '../application/ports.js';
import type { Namespace } from '../domain/namespace.js';

export class SqlNamespaceRepository implements NamespaceRepository {
  constructor(private readonly database: Database) {}

  async find(id: string, tx: Sql = this.database): Promise<Namespace | undefined> {
    const rows = await tx.query<{ id: string; tenant: string; create_time: Date }>('SELECT id, tenant, create_time FROM namespaces WHERE id = $1', [id]);
    return rows[0] && { id: rows[0].id, tenant: rows[0].tenant, createTime: rows[0].create_time };
  }

  async countOf(tenant: string, tx: Sql): Promise<number> {
    const rows = await tx.query<{ count: bigint }>('SELECT count(*) AS count FROM namespaces WHERE tenant = $1', [tenant]);
    return Number(rows[0]?.count ?? 0);
  }

  async insert(tx: Tx, { id, tenant, createTime }: Namespace): Promise<boolean> {
    return (await tx.execute('INSERT INTO namespaces (id, tenant, create_time) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING', [id, tenant, createTime])) === 1;
  }
}
