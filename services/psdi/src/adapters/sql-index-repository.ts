import { parseLiftIndex } from '@stella/binary-delta';
import type { Database, Tx } from '@stella/platform-database';
import type { IndexKey, IndexRepository } from '../application/ports.js';
import type { FunctionIdentity } from '../domain/function-identity.js';
import type { IndexRecord, IndexSummary } from '../domain/index-record.js';
import { limits } from '../limits.js';
import { batches, storable } from './storable.js';

interface IndexRow {
  readonly predicate: unknown;
  readonly summary: IndexSummary;
  readonly set_sha256: string;
  readonly envelope_sha256: string;
  readonly create_time: Date;
}

export class SqlIndexRepository implements IndexRepository {
  constructor(private readonly database: Database) {}

  async find({ tenant, artifactSha256, lifterSha256 }: IndexKey): Promise<IndexRecord | undefined> {
    const [row] = await this.database.query<IndexRow>(
      'SELECT predicate, summary, set_sha256, envelope_sha256, create_time FROM indexes WHERE tenant = $1 AND artifact_sha256 = $2 AND lifter_sha256 = $3',
      [tenant, artifactSha256, lifterSha256],
    );
    if (!row) return undefined;
    return {
      tenant,
      predicate: parseLiftIndex(row.predicate),
      summary: row.summary,
      setSha256: row.set_sha256,
      envelopeSha256: row.envelope_sha256,
      createTime: row.create_time,
    };
  }

  async add(record: IndexRecord, functions: readonly FunctionIdentity[]): Promise<void> {
    const { tenant, predicate, summary, setSha256, envelopeSha256, createTime } = record;
    const { artifactSha256, lifter } = predicate;
    await this.database.tx(async (tx) => {
      const added = await tx.execute(
        `INSERT INTO indexes (tenant, artifact_sha256, lifter_sha256, predicate, summary, set_sha256, envelope_sha256, create_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
        [tenant, artifactSha256, lifter.sha256, JSON.stringify(predicate), JSON.stringify(summary), setSha256, envelopeSha256, createTime],
      );
      if (added === 0) return;
      await tx.execute('DELETE FROM functions WHERE tenant = $1 AND artifact_sha256 = $2', [tenant, artifactSha256]);
      let position = 0;
      for (const batch of batches(functions, limits.batchRows)) {
        await insertFunctions(tx, tenant, artifactSha256, position, batch);
        position += batch.length;
      }
    });
  }
}

async function insertFunctions(tx: Tx, tenant: string, artifactSha256: string, first: number, batch: readonly FunctionIdentity[]): Promise<void> {
  await tx.execute(
    `INSERT INTO functions (tenant, artifact_sha256, position, unit_id, name, e1, e2, size_bytes)
     SELECT $1, $2, $3::integer + n - 1, unit_id, name, decode(e1, 'hex'), decode(e2, 'hex'), size_bytes
     FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[]) WITH ORDINALITY AS f (unit_id, name, e1, e2, size_bytes, n)`,
    [
      tenant,
      artifactSha256,
      first,
      batch.map(({ unitId }) => storable(unitId)),
      batch.map(({ name }) => storable(name)),
      batch.map(({ e1 }) => e1),
      batch.map(({ e2 }) => e2 ?? null),
      batch.map(({ sizeBytes }) => sizeBytes),
    ],
  );
}
