import type { Tx } from '@stella/platform-database';
import type { IngestRequestRow, RequestRepository } from '../application/ports.js';

export class SqlRequestRepository implements RequestRepository {
  async claim(tx: Tx, { tenant, requestId, requestSha256, createTime }: IngestRequestRow): Promise<string | undefined> {
    const claimed = await tx.execute(
      'INSERT INTO ingest_requests (tenant, request_id, request_sha256, create_time) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
      [tenant, requestId, requestSha256, createTime],
    );
    if (claimed === 1) return undefined;
    const [before] = await tx.query<{ request_sha256: string }>('SELECT request_sha256 FROM ingest_requests WHERE tenant = $1 AND request_id = $2', [tenant, requestId]);
    return before?.request_sha256;
  }
}
