import type { Database, Tx } from '@stella/platform-database';
import type { EvaluationRepository } from '../application/ports.js';
import type { Stage } from '../domain/progress.js';

export class SqlEvaluationRepository implements EvaluationRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: () => Date,
  ) {}

  async begin(tenant: string, questionDigest: string, newId: string): Promise<string> {
    const [row] = await this.database.query<{ id: string }>(
      `INSERT INTO evaluations (id, tenant, request_digest, state, stage, start_time, update_time) VALUES ($1, $2, $3, 'running', '', $4, $4)
       ON CONFLICT (tenant, request_digest) WHERE state = 'running' DO UPDATE SET update_time = excluded.update_time RETURNING id`,
      [newId, tenant, questionDigest, this.clock()],
    );
    return row?.id ?? newId;
  }

  async reached(id: string, stage: Stage): Promise<void> {
    await this.database.execute('UPDATE evaluations SET stage = $2, update_time = $3 WHERE id = $1', [id, stage, this.clock()]);
  }

  async done(tx: Tx, id: string, verdictId: string): Promise<void> {
    await tx.execute(`UPDATE evaluations SET state = 'done', stage = 'sign', verdict_id = $2, update_time = $3 WHERE id = $1`, [id, verdictId, this.clock()]);
  }

  async ended(id: string, state: 'failed' | 'cancelled', reason: string): Promise<void> {
    await this.database.execute(`UPDATE evaluations SET state = $2, failure_reason = $3, update_time = $4 WHERE id = $1 AND state = 'running'`, [id, state, reason, this.clock()]);
  }

  async forgetBefore(time: Date): Promise<void> {
    await this.database.execute(`DELETE FROM evaluations WHERE state <> 'running' AND update_time < $1`, [time]);
  }
}
