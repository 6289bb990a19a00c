import type { Database, Tx } from '@stella/platform-database';
import type { Key, ReplayRepository } from '../application/ports.js';
import type { Replay, ReplayPurpose } from '../domain/replay.js';

interface Row {
  readonly tenant: string;
  readonly id: string;
  readonly purpose: ReplayPurpose;
  readonly subject_id: string;
  readonly runs: number;
  readonly deadline: Date;
  readonly create_time: Date;
}

const COLUMNS = 'tenant, id, purpose, subject_id, runs, deadline, create_time';

export class SqlReplayRepository implements ReplayRepository {
  constructor(private readonly database: Database) {}

  async find({ tenant, id }: Key): Promise<Replay | undefined> {
    const [row] = await this.database.query<Row>(`SELECT ${COLUMNS} FROM replays WHERE tenant = $1 AND id = $2`, [tenant, id]);
    return row && toReplay(row);
  }

  async countRunning(tx: Tx, tenant: string): Promise<number> {
    const [row] = await tx.query<{ count: bigint }>(`SELECT count(*) FROM replays WHERE tenant = $1 AND state = 'running'`, [tenant]);
    return Number(row?.count ?? 0n);
  }

  async insert(tx: Tx, { tenant, id, purpose, subjectId, runs, deadline, createTime }: Replay): Promise<void> {
    await tx.execute(`INSERT INTO replays (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)`, [tenant, id, purpose, subjectId, runs, deadline, createTime]);
  }

  async end(tx: Tx, { tenant, id }: Key, how: 'answered' | 'expired'): Promise<boolean> {
    return (await tx.execute(`UPDATE replays SET state = $3 WHERE tenant = $1 AND id = $2 AND state = 'running'`, [tenant, id, how])) === 1;
  }

  async overdue(now: Date, countMax: number): Promise<readonly Replay[]> {
    const rows = await this.database.query<Row>(`SELECT ${COLUMNS} FROM replays WHERE state = 'running' AND deadline < $1 ORDER BY deadline LIMIT $2`, [now, countMax]);
    return rows.map(toReplay);
  }
}

function toReplay({ subject_id: subjectId, create_time: createTime, ...same }: Row): Replay {
  return { ...same, subjectId, createTime };
}
