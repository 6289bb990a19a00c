import type { Sql } from '@stella/platform-database';
import type { RequestRepository } from '../application/ports.js';

export class SqlRequestRepository implements RequestRepository {
  constructor(
    private readonly database: Sql,
    private readonly clock: () => Date,
  ) {}

  async find(tenant: string, requestId: string): Promise<{ requestSha256: string; answer: string } | undefined> {
    const [row] = await this.database.query<{ request_sha256: string; answer: string }>(
      'SELECT request_sha256, answer FROM create_requests WHERE tenant = $1 AND request_id = $2',
      [tenant, requestId],
    );
    return row && { requestSha256: row.request_sha256, answer: row.answer };
  }

  async add(tenant: string, requestId: string, requestSha256: string, answer: string): Promise<boolean> {
    const added = await this.database.execute(
      'INSERT INTO create_requests (tenant, request_id, request_sha256, answer, create_time) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
      [tenant, requestId, requestSha256, answer, this.clock()],
    );
    return added === 1;
  }
}
