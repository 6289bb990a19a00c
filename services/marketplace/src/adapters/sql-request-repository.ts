import type { Tx } from '@stella/platform-database';
import type { RequestRepository } from '../application/ports.js';

export class SqlRequestRepository implements RequestRepository {
  async lockTenant(tx: Tx, tenant: string): Promise<void> {
    await tx.execute('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`marketplace creates of ${tenant}`]);
  }

  async find(tx: Tx, tenant: string, requestId: string): Promise<{ requestSha256: string; answer: string } | undefined> {
    const rows = await tx.query<{ requestSha256: string; answer: string }>('SELECT request_sha256 AS "requestSha256", answer FROM requests WHERE tenant = $1 AND request_id = $2', [tenant, requestId]);
    return rows[0];
  }

  async insert(tx: Tx, tenant: string, requestId: string, { requestSha256, answer, createTime }: { requestSha256: string; answer: string; createTime: Date }): Promise<void> {
    await tx.execute('INSERT INTO requests (tenant, request_id, request_sha256, answer, create_time) VALUES ($1, $2, $3, $4, $5)', [tenant, requestId, requestSha256, answer, createTime]);
  }
}
