import type { Database, Sql, Tx } from '@stella/platform-database';
import type { Cap } from '@stella/witness';
import type { Key, RecordingRepository } from '../application/ports.js';
import type { DraftCore } from '../domain/draft-core.js';
import type { Failure, OperationState } from '../domain/failure.js';
import type { Recording } from '../domain/witness.js';

interface Row {
  readonly tenant: string;
  readonly id: string;
  readonly key: string;
  readonly draft: DraftCore;
  readonly canonicaliser: string;
  readonly isolation: string;
  readonly expected_cap: Cap | null;
  readonly state: OperationState;
  readonly witness_id: string | null;
  readonly failure_reason: string | null;
  readonly failure_detail: string | null;
  readonly create_time: Date;
}

const COLUMNS = 'tenant, id, key, draft, canonicaliser, isolation, expected_cap, state, witness_id, failure_reason, failure_detail, create_time';

export class SqlRecordingRepository implements RecordingRepository {
  constructor(private readonly database: Database) {}

  async find({ tenant, id }: Key, sql: Sql = this.database): Promise<Recording | undefined> {
    const [row] = await sql.query<Row>(`SELECT ${COLUMNS} FROM recordings WHERE tenant = $1 AND id = $2`, [tenant, id]);
    return row && toRecording(row);
  }

  async findByKey(tx: Tx, tenant: string, key: string): Promise<Recording | undefined> {
    const [row] = await tx.query<Row>(
      `SELECT ${COLUMNS} FROM recordings WHERE tenant = $1 AND key = $2 AND state <> 'failed' ORDER BY create_time DESC LIMIT 1`,
      [tenant, key],
    );
    return row && toRecording(row);
  }

  async insert(tx: Tx, { tenant, id, key, draft, canonicaliser, isolation, expectedCap, state, createTime }: Recording): Promise<void> {
    await tx.execute(
      'INSERT INTO recordings (tenant, id, key, draft, canonicaliser, isolation, expected_cap, state, create_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
      [tenant, id, key, JSON.stringify(draft), canonicaliser, isolation, expectedCap, state, createTime],
    );
  }

  async finish(tx: Tx, { tenant, id }: Key, outcome: { readonly witnessId: string } | { readonly failure: Failure }): Promise<void> {
    const failure = 'failure' in outcome ? outcome.failure : undefined;
    await tx.execute(
      `UPDATE recordings SET state = $3, witness_id = $4, failure_reason = $5, failure_detail = $6 WHERE tenant = $1 AND id = $2 AND state = 'running'`,
      [tenant, id, failure ? 'failed' : 'done', 'witnessId' in outcome ? outcome.witnessId : null, failure?.reason ?? null, failure ? storable(failure.detail) : null],
    );
  }
}

/** PostgreSQL's text holds no NUL. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

function toRecording(row: Row): Recording {
  return {
    tenant: row.tenant,
    id: row.id,
    key: row.key,
    draft: row.draft,
    canonicaliser: row.canonicaliser,
    isolation: row.isolation,
    expectedCap: row.expected_cap,
    state: row.state,
    witnessId: row.witness_id ?? undefined,
    failure: row.failure_reason === null ? undefined : { reason: row.failure_reason, detail: row.failure_detail ?? '' },
    createTime: row.create_time,
  };
}
