import type { Database, Sql, Tx } from '@stella/platform-database';
import type { UploadRepository } from '../application/ports.js';
import type { DeclaredFile, Upload } from '../domain/upload.js';

interface UploadRow {
  readonly id: string;
  readonly namespace_id: string;
  readonly tenant: string;
  readonly files: readonly DeclaredFile[];
  readonly create_time: Date;
  readonly expire_time: Date;
  readonly pack_id: string | null;
}

export class SqlUploadRepository implements UploadRepository {
  constructor(private readonly database: Database) {}

  async find(tenant: string, id: string, tx: Sql = this.database): Promise<Upload | undefined> {
    const rows = await tx.query<UploadRow>('SELECT id, namespace_id, tenant, files, create_time, expire_time, pack_id FROM uploads WHERE tenant = $1 AND id = $2', [tenant, id]);
    return rows[0] && toUpload(rows[0]);
  }

  async insert(tx: Tx, { id, namespaceId, tenant, files, createTime, expireTime }: Upload, sizeBytes: number): Promise<void> {
    await tx.execute('INSERT INTO uploads (id, namespace_id, tenant, files, size_bytes, create_time, expire_time) VALUES ($1, $2, $3, $4, $5, $6, $7)', [
      id,
      namespaceId,
      tenant,
      JSON.stringify(files),
      sizeBytes,
      createTime,
      expireTime,
    ]);
  }

  async setPack(tx: Tx, id: string, packId: string): Promise<void> {
    await tx.execute('UPDATE uploads SET pack_id = $2 WHERE id = $1', [id, packId]);
  }

  forgetUnfinished(expiredBefore: Date, rowsMax: number): Promise<number> {
    return this.database.execute(
      'DELETE FROM uploads WHERE id = ANY (ARRAY(SELECT id FROM uploads WHERE pack_id IS NULL AND expire_time < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))',
      [expiredBefore, rowsMax],
    );
  }

  async usage(tenant: string, at: Date, tx: Sql): Promise<{ openUploads: number; receivedBytes: number }> {
    const rows = await tx.query<{ open: bigint; bytes: string }>(
      `SELECT (SELECT count(*) FROM uploads WHERE tenant = $1 AND pack_id IS NULL AND expire_time > $2) AS open,
              (SELECT COALESCE(sum(size_bytes), 0) FROM received_files WHERE tenant = $1) AS bytes`,
      [tenant, at],
    );
    return { openUploads: Number(rows[0]?.open ?? 0), receivedBytes: Number(rows[0]?.bytes ?? 0) };
  }

  async received(tenant: string, files: readonly DeclaredFile[], tx: Sql = this.database): Promise<ReadonlySet<string>> {
    const rows = await tx.query<{ sha256: string }>('SELECT sha256 FROM received_files WHERE tenant = $1 AND sha256 = ANY($2)', [tenant, files.map(({ sha256 }) => sha256)]);
    return new Set(rows.map(({ sha256 }) => sha256));
  }

  async insertReceived(tenant: string, sha256: string, sizeBytes: number, at: Date): Promise<void> {
    await this.database.execute('INSERT INTO received_files (tenant, sha256, size_bytes, receive_time) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [tenant, sha256, sizeBytes, at]);
  }
}

function toUpload({ id, namespace_id, tenant, files, create_time, expire_time, pack_id }: UploadRow): Upload {
  return { id, namespaceId: namespace_id, tenant, files, createTime: create_time, expireTime: expire_time, packId: pack_id ?? undefined };
}
