import type { Database, Sql, Tx } from '@stella/platform-database';
import type { Key, PageQuery, WitnessRepository } from '../application/ports.js';
import type { StackFormat } from '../domain/crash-stack.js';
import type { Witness } from '../domain/witness.js';
import { isBehind, positionOf } from './keyset.js';

interface Row {
  readonly tenant: string;
  readonly id: string;
  readonly incident_id: string;
  readonly artifact_sha256: string;
  readonly canonicaliser: string;
  readonly determinism: string;
  readonly determinism_reason: string;
  readonly isolation: string;
  readonly evidence_sha256: string;
  readonly stack_format: StackFormat | null;
  readonly stack: Buffer | null;
  readonly create_time: Date;
}

const LISTED = 'tenant, id, incident_id, artifact_sha256, canonicaliser, determinism, determinism_reason, isolation, evidence_sha256, create_time';
const COLUMNS = `${LISTED}, stack_format, stack`;

export class SqlWitnessRepository implements WitnessRepository {
  constructor(private readonly database: Database) {}

  async find({ tenant, id }: Key, sql: Sql = this.database): Promise<Witness | undefined> {
    const [row] = await sql.query<Row>(`SELECT ${COLUMNS} FROM witnesses WHERE tenant = $1 AND id = $2`, [tenant, id]);
    return row && toWitness(row);
  }

  /** Without stacks, which are large. */
  async page({ tenant, incidentId, after, countMax }: PageQuery & { readonly incidentId: string | undefined }): Promise<readonly Witness[]> {
    const rows = await this.database.query<Row>(
      `SELECT ${LISTED}, NULL AS stack_format, NULL AS stack FROM witnesses
       WHERE tenant = $1 AND ($2::text IS NULL OR incident_id = $2) AND ${isBehind('$3', '$4')}
       ORDER BY create_time DESC, id LIMIT $5`,
      [tenant, incidentId ?? null, ...positionOf(after), countMax],
    );
    return rows.map(toWitness);
  }

  async insert(tx: Tx, witness: Witness): Promise<boolean> {
    const { stack } = witness;
    const inserted = await tx.execute(
      `INSERT INTO witnesses (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (tenant, id) DO NOTHING`,
      [
        witness.tenant,
        witness.id,
        witness.incidentId,
        witness.artifactSha256,
        witness.canonicaliser,
        witness.determinism,
        witness.determinismReason,
        witness.isolation,
        witness.evidenceSha256,
        witness.createTime,
        stack?.format ?? null,
        stack ? Buffer.from(stack.body) : null,
      ],
    );
    return inserted === 1;
  }
}

function toWitness(row: Row): Witness {
  return {
    tenant: row.tenant,
    id: row.id,
    incidentId: row.incident_id,
    artifactSha256: row.artifact_sha256,
    canonicaliser: row.canonicaliser,
    determinism: row.determinism,
    determinismReason: row.determinism_reason,
    isolation: row.isolation,
    evidenceSha256: row.evidence_sha256,
    stack: row.stack_format && row.stack ? { format: row.stack_format, body: row.stack } : undefined,
    createTime: row.create_time,
  };
}
