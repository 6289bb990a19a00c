import { DomainError } from '@stella/errors';
import type { Database, Tx } from '@stella/platform-database';
import type { BegunEvaluation, EvaluationRepository } from '../application/repositories.js';
import type { Stage } from '../domain/progress.js';

export class SqlEvaluationRepository implements EvaluationRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: () => Date,
  ) {}

  async begin(tenant: string, questionDigest: string, newId: string): Promise<BegunEvaluation> {
    const [row] = await this.database.query<BegunEvaluation & object>(
      `INSERT INTO evaluations (id, tenant, request_digest, state, stage, start_time, update_time, began) VALUES ($1, $2, $3, 'running', '', $4, $4, nextval('evaluation_order'))
       ON CONFLICT (tenant, request_digest) WHERE state = 'running' DO UPDATE SET update_time = excluded.update_time, began = excluded.began RETURNING id, began`,
      [newId, tenant, questionDigest, this.clock()],
    );
    if (!row) throw new DomainError('EVALUATION_FAILED', { problem: 'no place in the order' });
    return row;
  }

  async beginAgain(id: string): Promise<bigint> {
    const [row] = await this.database.query<{ began: bigint }>(`UPDATE evaluations SET began = nextval('evaluation_order'), update_time = $2 WHERE id = $1 RETURNING began`, [id, this.clock()]);
    if (!row) throw new DomainError('EVALUATION_FAILED', { problem: 'no place in the order' });
    return row.began;
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

  forgetBefore(time: Date, rowsMax: number): Promise<number> {
    return this.database.execute(
      'DELETE FROM evaluations WHERE id = ANY (ARRAY(SELECT id FROM evaluations WHERE update_time < $1 ORDER BY update_time LIMIT $2 FOR UPDATE SKIP LOCKED))',
      [time, rowsMax],
    );
  }
}
