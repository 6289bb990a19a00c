import type { Sql } from '@stella/platform-database';
import type { ArtifactRepository } from '../application/ports.js';
import type { Artifact } from '../domain/artifact.js';
import { storable } from './storable.js';

interface ArtifactRow {
  readonly tenant: string;
  readonly sha256: string;
  readonly size_bytes: bigint;
  readonly label: string;
  readonly create_time: Date;
}

export class SqlArtifactRepository implements ArtifactRepository {
  constructor(private readonly database: Sql) {}

  async find(tenant: string, sha256: string): Promise<Artifact | undefined> {
    const [row] = await this.database.query<ArtifactRow>('SELECT * FROM artifacts WHERE tenant = $1 AND sha256 = $2', [tenant, sha256]);
    return row && { tenant: row.tenant, sha256: row.sha256, sizeBytes: Number(row.size_bytes), label: row.label, createTime: row.create_time };
  }

  async add({ tenant, sha256, sizeBytes, label, createTime }: Artifact): Promise<Artifact> {
    await this.database.execute('INSERT INTO artifacts (tenant, sha256, size_bytes, label, create_time) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING', [
      tenant,
      sha256,
      sizeBytes,
      storable(label),
      createTime,
    ]);
    const artifact = await this.find(tenant, sha256);
    if (!artifact) throw new Error(`artifact ${sha256} was just added`);
    return artifact;
  }
}
