import type { Database, Sql, Tx } from '@stella/platform-database';
import type { OutcomeClass } from '@stella/witness';
import type { Key, VerificationRepository } from '../application/ports.js';
import type { Failure, OperationState } from '../domain/failure.js';
import type { ResultFigures, Verification } from '../domain/verification.js';
import { storable } from './sql-recording-repository.js';

interface Row {
  readonly tenant: string;
  readonly id: string;
  readonly witness_id: string;
  readonly artifact_sha256: string;
  readonly replays_requested: number;
  readonly state: OperationState;
  readonly replay_id: string;
  readonly failure_reason: string | null;
  readonly failure_detail: string | null;
  readonly outcome: OutcomeClass | null;
  readonly replays: number | null;
  readonly successes: number | null;
  readonly success_lower_bound_ppm: number | null;
  readonly canonical_variance: number | null;
  readonly raw_variance: number | null;
  readonly cap_hit: string | null;
  readonly evidence_sha256: string | null;
  readonly create_time: Date;
  readonly expire_time: Date | null;
}

const BEGUN = 'tenant, id, witness_id, artifact_sha256, replays_requested, state, replay_id, create_time';
const ENDED =
  'failure_reason, failure_detail, outcome, replays, successes, success_lower_bound_ppm, canonical_variance, raw_variance, cap_hit, evidence_sha256, expire_time';

export class SqlVerificationRepository implements VerificationRepository {
  constructor(private readonly database: Database) {}

  async find({ tenant, id }: Key, sql: Sql = this.database): Promise<Verification | undefined> {
    const [row] = await sql.query<Row>(`SELECT ${BEGUN}, ${ENDED} FROM verifications WHERE tenant = $1 AND id = $2`, [tenant, id]);
    return row && toVerification(row);
  }

  async begin(tx: Tx, { tenant, id, witnessId, artifactSha256, replaysRequested, state, replayId, createTime }: Verification): Promise<void> {
    await tx.execute('DELETE FROM verifications WHERE tenant = $1 AND id = $2', [tenant, id]);
    await tx.execute(`INSERT INTO verifications (${BEGUN}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, [
      tenant,
      id,
      witnessId,
      artifactSha256,
      replaysRequested,
      state,
      replayId,
      createTime,
    ]);
  }

  async finish(tx: Tx, key: Key, { result, failure, expireTime }: { result: ResultFigures; failure: Failure | undefined; expireTime: Date }): Promise<void> {
    await this.#end(tx, key, 'done', failure, [
      result.outcome,
      result.replays,
      result.successes,
      result.successLowerBoundPpm,
      result.canonicalVariance,
      result.rawVariance,
      result.capHit,
      result.evidenceSha256,
      expireTime,
    ]);
  }

  async fail(tx: Tx, key: Key, failure: Failure): Promise<void> {
    await this.#end(tx, key, 'failed', failure, Array.from({ length: 9 }, () => null));
  }

  async #end(tx: Tx, { tenant, id }: Key, state: OperationState, failure: Failure | undefined, figures: readonly unknown[]): Promise<void> {
    await tx.execute(
      `UPDATE verifications SET state = $3, (${ENDED}) = ROW($4, $5, $6, $7::int, $8::int, $9::int, $10::int, $11::int, $12, $13, $14::timestamptz)
       WHERE tenant = $1 AND id = $2`,
      [tenant, id, state, failure?.reason ?? null, failure ? storable(failure.detail) : null, ...figures],
    );
  }
}

function toVerification(row: Row): Verification {
  return {
    tenant: row.tenant,
    id: row.id,
    witnessId: row.witness_id,
    artifactSha256: row.artifact_sha256,
    replaysRequested: row.replays_requested,
    state: row.state,
    replayId: row.replay_id,
    failure: row.failure_reason === null ? undefined : { reason: row.failure_reason, detail: row.failure_detail ?? '' },
    result: toFigures(row),
    createTime: row.create_time,
    expireTime: row.expire_time ?? undefined,
  };
}

function toFigures(row: Row): ResultFigures | undefined {
  if (row.outcome === null || row.evidence_sha256 === null) return undefined;
  return {
    outcome: row.outcome,
    replays: row.replays ?? 0,
    successes: row.successes ?? 0,
    successLowerBoundPpm: row.success_lower_bound_ppm ?? 0,
    canonicalVariance: row.canonical_variance ?? 0,
    rawVariance: row.raw_variance ?? 0,
    capHit: row.cap_hit ?? '',
    evidenceSha256: row.evidence_sha256,
  };
}
