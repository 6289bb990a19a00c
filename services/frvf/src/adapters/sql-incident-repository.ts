import type { Database, Sql, Tx } from '@stella/platform-database';
import type { IncidentRepository, Key, PageQuery } from '../application/ports.js';
import type { Incident } from '../domain/incident.js';
import { isBehind, positionOf } from './keyset.js';

interface Row {
  readonly tenant: string;
  readonly id: string;
  readonly title: string;
  readonly exit_code: number;
  readonly stdout_sha256: string | null;
  readonly create_time: Date;
}

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
}

function toIncident({ tenant, id, title, exit_code: exitCode, stdout_sha256: stdoutSha256, create_time: createTime }: Row): Incident {
  return { tenant, id, title, passPredicate: { exitCode, ...(stdoutSha256 !== null && { stdoutSha256 }) }, createTime };
}
