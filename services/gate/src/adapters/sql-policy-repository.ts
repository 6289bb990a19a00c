import type { BlobStore } from '@stella/platform-blobs';
import type { Database } from '@stella/platform-database';
import type { PolicyRepository, StoredPolicy } from '../application/repositories.js';

interface PolicyRow {
  readonly id: string;
  readonly version: number;
  readonly sha256: string;
  readonly envelope_sha256: string;
  readonly expires_at: Date;
}

export class SqlPolicyRepository implements PolicyRepository {
  constructor(
    private readonly database: Database,
    private readonly blobs: BlobStore,
  ) {}

  async newest(id: string): Promise<StoredPolicy | undefined> {
    const [row] = await this.database.query<PolicyRow>('SELECT * FROM policies WHERE id = $1 ORDER BY version DESC LIMIT 1', [id]);
    return row && { id: row.id, version: row.version, sha256: row.sha256, envelope: await this.blobs.bytes(row.envelope_sha256), expiresAt: row.expires_at };
  }

  async isKnown(sha256: string): Promise<boolean> {
    return (await this.database.query('SELECT FROM policies WHERE sha256 = $1 LIMIT 1', [sha256])).length > 0;
  }

  async add({ id, version, sha256, envelope, expiresAt }: StoredPolicy): Promise<void> {
    const blob = await this.blobs.put(envelope);
    await this.database.execute(
      'INSERT INTO policies (id, version, sha256, envelope_sha256, expires_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
      [id, version, sha256, blob.sha256, expiresAt],
    );
  }
}
