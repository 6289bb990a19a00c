import type { Database, Sql, Tx } from '@stella/platform-database';
import type { IncidentRepository, Key, PageQuery } from '../application/ports.js';
import type { Incident } from '../domain/incident.js';
import { type Milestone, MILESTONES, type Waiting } from '../domain/milestone.js';
import { isBehind, positionOf } from './keyset.js';

interface Row {
  readonly tenant: string;
  readonly id: string;
  readonly title: string;
  readonly exit_code: number;
  readonly stdout_sha256: string | null;
  readonly create_time: Date;
}

const COLUMN_OF: Readonly<Record<Milestone, string>> = { witness: 'witness_time', fix: 'fix_time' };
const COLUMNS = 'tenant, id, title, exit_code, stdout_sha256, create_time';

export class SqlIncidentRepository implements IncidentRepository {
  constructor(private readonly database: Database) {}

  async find({ tenant, id }: Key, sql: Sql = this.database): Promise<Incident | undefined> {
    const [row] = await sql.query<Row>(`SELECT ${COLUMNS} FROM incidents WHERE tenant = $1 AND id = $2`, [tenant, id]);
    return row && toIncident(row);
  }

  async page({ tenant, after, countMax }: PageQuery): Promise<readonly Incident[]> {
    const rows = await this.database.query<Row>(
      `SELECT ${COLUMNS} FROM incidents WHERE tenant = $1 AND ${isBehind('$2', '$3')} ORDER BY create_time DESC, id LIMIT $4`,
      [tenant, ...positionOf(after), countMax],
    );
    return rows.map(toIncident);
  }

  async insert(tx: Tx, { tenant, id, title, passPredicate, createTime }: Incident): Promise<void> {
    await tx.execute(`INSERT INTO incidents (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)`, [
      tenant,
      id,
      title,
      passPredicate.exitCode,
      passPredicate.stdoutSha256 ?? null,
      createTime,
    ]);
  }

  async reached(tx: Tx, witness: Key, milestone: Milestone, at: Date): Promise<number | undefined> {
    const column = COLUMN_OF[milestone];
    const [row] = await tx.query<{ create_time: Date }>(
      `UPDATE incidents i SET ${column} = $3 FROM witnesses w
       WHERE w.tenant = $1 AND w.id = $2 AND i.tenant = w.tenant AND i.id = w.incident_id AND i.${column} IS NULL RETURNING i.create_time`,
      [witness.tenant, witness.id, at],
    );
    return row && Math.max(0, at.getTime() - row.create_time.getTime());
  }

  waiting(now: Date): Promise<readonly Waiting[]> {
    return Promise.all(
      MILESTONES.map(async (milestone) => {
        const [row] = await this.database.query<{ count: bigint; oldest: Date | null }>(`SELECT count(*), min(create_time) AS oldest FROM incidents WHERE ${COLUMN_OF[milestone]} IS NULL`);
        return { milestone, count: Number(row?.count ?? 0n), longestMs: row?.oldest ? Math.max(0, now.getTime() - row.oldest.getTime()) : 0 };
      }),
    );
  }
}

function toIncident({ tenant, id, title, exit_code: exitCode, stdout_sha256: stdoutSha256, create_time: createTime }: Row): Incident {
  return { tenant, id, title, passPredicate: { exitCode, ...(stdoutSha256 !== null && { stdoutSha256 }) }, createTime };
}
