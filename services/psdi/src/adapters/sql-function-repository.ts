import type { Sql } from '@stella/platform-database';
import type { FunctionOccurrence, FunctionQuery, FunctionRepository } from '../application/ports.js';
import { storable } from './storable.js';

interface FunctionRow {
  readonly artifact_sha256: string;
  readonly position: number;
  readonly unit_id: string;
  readonly name: string;
  readonly e1: Buffer;
  readonly e2: Buffer | null;
  readonly size_bytes: bigint;
}

const CONDITIONS = {
  e1: `e1 = decode($2, 'hex')`,
  e2: `e2 = decode($2, 'hex')`,
  name: 'hashtextextended(name, 0) = hashtextextended($2, 0) AND name = $2',
} as const;

export class SqlFunctionRepository implements FunctionRepository {
  constructor(private readonly database: Sql) {}

  async find({ tenant, sought, after, countMax }: FunctionQuery): Promise<readonly FunctionOccurrence[]> {
    const rows = await this.database.query<FunctionRow>(
      `SELECT artifact_sha256, position, unit_id, name, e1, e2, size_bytes FROM functions
       WHERE tenant = $1 AND ${CONDITIONS[sought.by]} AND (artifact_sha256, position) > ($3, $4)
       ORDER BY artifact_sha256, position LIMIT $5`,
      [tenant, storable(sought.value), after.artifactSha256, after.position, countMax],
    );
    return rows.map((row) => ({
      artifactSha256: row.artifact_sha256,
      position: row.position,
      unitId: row.unit_id,
      name: row.name,
      e1: row.e1.toString('hex'),
      e2: row.e2?.toString('hex'),
      sizeBytes: Number(row.size_bytes),
    }));
  }
}
