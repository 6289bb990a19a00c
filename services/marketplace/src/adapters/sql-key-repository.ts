import type { Database, Sql, Tx } from '@stella/platform-database';
import type { KeyRepository } from '../application/ports.js';
import type { PublisherKey } from '../domain/namespace.js';

interface KeyRow {
  readonly namespace_id: string;
  readonly fingerprint: string;
  readonly spki: Buffer;
  readonly create_time: Date;
  readonly expire_time: Date | null;
  readonly revoke_time: Date | null;
}

const SELECT = 'SELECT namespace_id, fingerprint, spki, create_time, expire_time, revoke_time FROM publisher_keys';

export class SqlKeyRepository implements KeyRepository {
  constructor(private readonly database: Database) {}

  async find(namespaceId: string, fingerprint: string, tx: Sql = this.database): Promise<PublisherKey | undefined> {
    return first(await tx.query<KeyRow>(`${SELECT} WHERE namespace_id = $1 AND fingerprint = $2`, [namespaceId, fingerprint]));
  }

  async lock(tx: Tx, namespaceId: string, fingerprint: string): Promise<PublisherKey | undefined> {
    return first(await tx.query<KeyRow>(`${SELECT} WHERE namespace_id = $1 AND fingerprint = $2 FOR UPDATE`, [namespaceId, fingerprint]));
  }

  async list(namespaceId: string, tx: Sql = this.database): Promise<readonly PublisherKey[]> {
    return (await tx.query<KeyRow>(`${SELECT} WHERE namespace_id = $1 ORDER BY create_time, fingerprint`, [namespaceId])).map(toKey);
  }

  async insert(tx: Tx, tenant: string, { namespaceId, fingerprint, spki, createTime, expireTime }: PublisherKey): Promise<void> {
    await tx.execute(
      'INSERT INTO publisher_keys (namespace_id, fingerprint, tenant, spki, create_time, expire_time) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING',
      [namespaceId, fingerprint, tenant, Buffer.from(spki), createTime, expireTime ?? null],
    );
  }

  async revoke(tx: Tx, namespaceId: string, fingerprint: string, at: Date, reason: string): Promise<void> {
    await tx.execute('UPDATE publisher_keys SET revoke_time = $3, revoke_reason = $4 WHERE namespace_id = $1 AND fingerprint = $2', [namespaceId, fingerprint, at, reason]);
  }
}

function first(rows: readonly KeyRow[]): PublisherKey | undefined {
  return rows[0] && toKey(rows[0]);
}

function toKey(row: KeyRow): PublisherKey {
  return {
    namespaceId: row.namespace_id,
    fingerprint: row.fingerprint,
    spki: row.spki,
    createTime: row.create_time,
    expireTime: row.expire_time ?? undefined,
    revokeTime: row.revoke_time ?? undefined,
  };
}
