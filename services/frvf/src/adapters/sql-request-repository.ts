import type { Database, Sql, Tx } from '@stella/platform-database';
import type { Answered, RequestRepository } from '../application/ports.js';

export class SqlRequestRepository implements RequestRepository {
  constructor(private readonly database: Database) {}

  async find(tenant: string, requestId: string, sql: Sql = this.database): Promise<Answered | undefined> {
    const [row] = await sql.query<{ request_sha256: string; resource: string; cached: boolean }>(
      'SELECT request_sha256, resource, cached FROM requests WHERE tenant = $1 AND request_id = $2',
      [tenant, requestId],
    );
    return row && { requestSha256: row.request_sha256, resource: row.resource, cached: row.cached };
  }

  async insert(tx: Tx, tenant: string, requestId: string, { requestSha256, resource, cached }: Answered): Promise<void> {
    await tx.execute('INSERT INTO requests (tenant, request_id, request_sha256, resource, cached) VALUES ($1, $2, $3, $4, $5)', [
      tenant,
      requestId,
      requestSha256,
      resource,
      cached,
    ]);
  }
}
