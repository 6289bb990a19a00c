import type { Outcome } from '@stella/policy';
import { lockInTransaction, type Database, type Sql, type Tx } from '@stella/platform-database';
import type { Before, StandingRepository, TakingBack, Which } from '../application/repositories.js';
import type { VerdictPlace } from '../domain/verdict-record.js';

/**
 * Rows `v` to the question of `placeValues`; rows of the version before know no more of it than baseline and policy.
 * @param first number of the parameter that the values begin with
 */
const sameQuestion = (first: number): string =>
  `v.tenant = $${first} AND v.candidate_sha256 = $${first + 1}
   AND (v.question_sha256 = $${first + 2} OR (v.question_sha256 = '' AND v.baseline_sha256 = $${first + 3} AND v.policy_id = $${first + 4}))`;
const placeValues = ({ tenant, candidateSha256, question, baselineSha256, policyId }: VerdictPlace): readonly string[] => [tenant, candidateSha256, question, baselineSha256, policyId];

const TAKE_BACK = `UPDATE verdicts v SET revoked_at = $1, revoked_reason = $2, revoked_note = $3, superseded_by = COALESCE(NULLIF($4, ''), v.superseded_by), is_covered = $5 WHERE v.revoked_at IS NULL`;

export class SqlStandingRepository implements StandingRepository {
  constructor(private readonly database: Database) {}

  lock(tx: Tx, tenant: string): Promise<void> {
    return lockInTransaction(tx, `verdicts of ${tenant}`);
  }

  async before(place: VerdictPlace, tx?: Tx): Promise<Before> {
    const sql: Sql = tx ?? this.database;
    const [overtaking] = await sql.query<{ id: string }>(`SELECT v.id FROM verdicts v WHERE ${sameQuestion(1)} AND v.began > $6 ORDER BY v.began DESC LIMIT 1`, [...placeValues(place), place.began]);
    const [newest] = await sql.query<{ id: string }>(
      `SELECT v.id FROM verdicts v WHERE ${sameQuestion(1)} AND v.revoked_at IS NULL AND v.began < $6 ORDER BY v.began DESC, v.issued_at DESC, v.id DESC LIMIT 1`,
      [...placeValues(place), place.began],
    );
    return { overtakenBy: overtaking?.id, predecessor: newest?.id ?? '', lastIssuedAt: await this.lastIssuedAt(sql, place.tenant, place.candidateSha256) };
  }

  async lastIssuedAt(sql: Sql, tenant: string, candidateSha256: string): Promise<Date | undefined> {
    const [row] = await sql.query<{ issued_at: Date | null }>('SELECT max(issued_at) AS issued_at FROM verdicts WHERE tenant = $1 AND candidate_sha256 = $2', [tenant, candidateSha256]);
    return row?.issued_at ?? undefined;
  }

  async outcomesInForce(tx: Tx, place: VerdictPlace): Promise<ReadonlySet<Outcome>> {
    const rows = await tx.query<{ outcome: Outcome }>(`SELECT DISTINCT v.outcome FROM verdicts v WHERE ${sameQuestion(1)} AND v.revoked_at IS NULL`, placeValues(place));
    return new Set(rows.map(({ outcome }) => outcome));
  }

  async hasAcceptedWithout(tx: Tx, tenant: string, candidateSha256: string, evidence: readonly string[]): Promise<boolean> {
    if (evidence.length === 0) return false;
    const rows = await tx.query(
      `SELECT FROM verdicts v WHERE v.tenant = $1 AND v.candidate_sha256 = $2 AND v.outcome <> 'DENY' AND v.revoked_at IS NULL AND NOT v.considered @> $3::text[] LIMIT 1`,
      [tenant, candidateSha256, evidence],
    );
    return rows.length > 0;
  }

  async follow(tx: Tx, place: VerdictPlace, id: string): Promise<void> {
    await tx.execute(
      `UPDATE verdicts v SET superseded_by = $6 WHERE ${sameQuestion(1)} AND v.superseded_by = '' AND v.revoked_at IS NULL`,
      [...placeValues(place), id],
    );
  }

  async takeBack(tx: Tx, which: Which, { word, note, at, by }: TakingBack): Promise<readonly string[]> {
    const change = [at, word, plain(note), by];
    // What only rests on something has no entry that speaks of it, and is listed by itself.
    const rows = await tx.query<{ id: string }>(...chosen(which, [...change, which.kind !== 'resting-on']));
    return rows.map(({ id }) => id);
  }

  async takeBackOne(tx: Tx, tenant: string, id: string, { word, note, at, by }: TakingBack): Promise<boolean> {
    return (await tx.execute(`${TAKE_BACK} AND v.tenant = $6 AND v.id = $7`, [at, word, plain(note), by, false, tenant, id])) > 0;
  }
}

function chosen(which: Which, change: readonly unknown[]): [string, readonly unknown[]] {
  const found = (condition: string, values: readonly unknown[]): [string, readonly unknown[]] => [`${TAKE_BACK} AND ${condition} RETURNING v.id`, [...change, ...values]];
  switch (which.kind) {
    case 'candidate':
      return found(`v.tenant = $6 AND v.candidate_sha256 = $7 AND v.outcome <> 'DENY'`, [which.tenant, which.candidateSha256]);
    case 'question':
      return found(`${sameQuestion(6)} AND v.outcome = ANY ($11)`, [...placeValues(which.place), which.outcomes]);
    case 'signer':
      return found('v.tenant = $6 AND v.signers @> ARRAY[$7]::text[]', [which.tenant, which.fingerprint]);
    case 'policy':
      return found('v.tenant = $6 AND v.policy_sha256 = $7', [which.tenant, which.sha256]);
    case 'resting-on':
      return found(
        `v.id IN (
           WITH RECURSIVE fallen AS (
             SELECT unnest($7::text[]) AS id
             UNION
             SELECT r.id FROM fallen f JOIN verdicts r ON r.tenant = $6 AND r.baseline_verdict = f.id AND r.baseline_verdict <> '' AND r.revoked_at IS NULL
           )
           SELECT id FROM fallen
         )`,
        [which.tenant, which.ids],
      );
  }
}

function plain(note: string): string {
  return note.replaceAll('\0', '');
}
