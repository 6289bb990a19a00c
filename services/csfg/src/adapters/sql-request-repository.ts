import type { Tx } from '@stella/platform-database';
import type { RequestRepository } from '../application/ports.js';

export class SqlRequestRepository implements RequestRepository {
  async find(tx: Tx, tenant: string, requestId: string): Promise<{ requestSha256: string; stackId: string } | undefined> {
    const rows = await tx.query<{ request_sha256: string; stack_id: string }>('SELECT request_sha256, stack_id FROM ingest_requests WHERE tenant = $1 AND request_id = $2', [tenant, requestId]);
    return rows[0] && { requestSha256: rows[0].request_sha256, stackId: rows[0].stack_id };
  }

  async insert(tx: Tx, tenant: string, requestId: string, answer: { requestSha256: string; stackId: string; createTime: Date }): Promise<void> {
    await tx.execute('INSERT INTO ingest_requests (tenant, request_id, request_sha256, stack_id, create_time) VALUES ($1, $2, $3, $4, $5)', [
      tenant,
      requestId,
      answer.requestSha256,
      answer.stackId,
      answer.createTime,
    ]);
  }
}
