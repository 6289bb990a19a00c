import type { UnitClass, UnitKind } from '@stella/binary-delta';
import type { Database, Tx } from '@stella/platform-database';
import type { DeltaRepository, UnitQuery } from '../application/ports.js';
import type { ChangeCount, ChangedUnit, DeltaRecord } from '../domain/delta-record.js';
import { limits } from '../limits.js';
import { batches, storable } from './storable.js';

interface DeltaRow {
  readonly baseline_sha256: string;
  readonly candidate_sha256: string;
  readonly lifter_sha256: string;
  readonly counts: ChangeCount[];
  readonly proof_sha256: string;
  readonly scope_sha256: string;
  readonly create_time: Date;
}

interface UnitRow {
  readonly position: number;
  readonly unit_id: string;
  readonly kind: UnitKind;
  readonly name: string;
  readonly change: UnitClass;
  readonly baseline_size_bytes: bigint;
  readonly candidate_size_bytes: bigint;
}

export class SqlDeltaRepository implements DeltaRepository {
  constructor(private readonly database: Database) {}

  async find(tenant: string, id: string): Promise<DeltaRecord | undefined> {
    const [row] = await this.database.query<DeltaRow>('SELECT * FROM deltas WHERE tenant = $1 AND id = $2', [tenant, id]);
    if (!row) return undefined;
    return {
      tenant,
      id,
      baselineSha256: row.baseline_sha256,
      candidateSha256: row.candidate_sha256,
      lifterSha256: row.lifter_sha256,
      counts: row.counts,
      proofSha256: row.proof_sha256,
      scopeSha256: row.scope_sha256,
      createTime: row.create_time,
    };
  }

  async add(tx: Tx, record: DeltaRecord, units: readonly ChangedUnit[]): Promise<boolean> {
    const { tenant, id, baselineSha256, candidateSha256, lifterSha256, counts, proofSha256, scopeSha256, createTime } = record;
    const added = await tx.execute(
      `INSERT INTO deltas (tenant, id, baseline_sha256, candidate_sha256, lifter_sha256, counts, proof_sha256, scope_sha256, create_time)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
      [tenant, id, baselineSha256, candidateSha256, lifterSha256, JSON.stringify(counts), proofSha256, scopeSha256, createTime],
    );
    if (added === 0) return false;
    let position = 0;
    for (const batch of batches(units, limits.batchRows)) {
      await insertUnits(tx, tenant, id, position, batch);
      position += batch.length;
    }
    return true;
  }

  async units({ tenant, deltaId, kind, afterPosition, countMax }: UnitQuery): Promise<readonly (ChangedUnit & { readonly position: number })[]> {
    const rows = await this.database.query<UnitRow>(
      `SELECT position, unit_id, kind, name, change, baseline_size_bytes, candidate_size_bytes FROM delta_units
       WHERE tenant = $1 AND delta_id = $2 AND ($3::text IS NULL OR kind = $3) AND position > $4
       ORDER BY position LIMIT $5`,
      [tenant, deltaId, kind ?? null, afterPosition, countMax],
    );
    return rows.map((row) => ({
      position: row.position,
      unitId: row.unit_id,
      kind: row.kind,
      name: row.name,
      change: row.change,
      baselineSizeBytes: Number(row.baseline_size_bytes),
      candidateSizeBytes: Number(row.candidate_size_bytes),
    }));
  }
}

async function insertUnits(tx: Tx, tenant: string, deltaId: string, first: number, batch: readonly ChangedUnit[]): Promise<void> {
  await tx.execute(
    `INSERT INTO delta_units (tenant, delta_id, position, unit_id, kind, name, change, baseline_size_bytes, candidate_size_bytes)
     SELECT $1, $2, $3::integer + n - 1, unit_id, kind, name, change, baseline_size_bytes, candidate_size_bytes
     FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[]) WITH ORDINALITY
       AS u (unit_id, kind, name, change, baseline_size_bytes, candidate_size_bytes, n)`,
    [
      tenant,
      deltaId,
      first,
      batch.map(({ unitId }) => storable(unitId)),
      batch.map(({ kind }) => kind),
      batch.map(({ name }) => storable(name)),
      batch.map(({ change }) => change),
      batch.map(({ baselineSizeBytes }) => baselineSizeBytes),
      batch.map(({ candidateSizeBytes }) => candidateSizeBytes),
    ],
  );
}
