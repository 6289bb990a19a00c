import { parseEnvelope, parseStatement, sha256Hex } from '@stella/attestation';
import type { BlobStore } from '@stella/platform-blobs';
import { type Database, lockInTransaction, type Sql, type Tx } from '@stella/platform-database';
import { readVerdict } from '@stella/verdict';
import type { EarlierAnswer, PagePlace, VerdictPage, VerdictRepository } from '../application/ports.js';
import { isWhole, type RevocationWord, type VerdictRecord, type VerdictScope } from '../domain/verdict-record.js';
import { limits } from '../limits.js';

interface VerdictRow {
  readonly id: string;
  readonly tenant: string;
  readonly envelope_sha256: string;
  readonly vsa_sha256: string;
  readonly bundle_sha256: string;
  readonly bundle_size_bytes: bigint;
  readonly evaluation_ms: number;
  readonly issued_at: Date;
  readonly revoked_at: Date | null;
}

const COLUMNS = 'id, tenant, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, issued_at, revoked_at';
const NEWEST = 'ORDER BY issued_at DESC, id DESC LIMIT 1';

/** Rows say where a verdict stands; what it says is read from its envelope. */
export class SqlVerdictRepository implements VerdictRepository {
  constructor(
    private readonly database: Database,
    private readonly blobs: BlobStore,
  ) {}

  answerTo({ tenant, requestDigest, askedSha256, trustRootSha256 }: EarlierAnswer): Promise<VerdictRecord | undefined> {
    return this.#one(
      `SELECT ${COLUMNS} FROM verdicts v
       WHERE tenant = $1 AND request_digest = $2 AND asked_sha256 = $3 AND trust_root_sha256 = $4 AND is_whole AND revoked_at IS NULL
         AND NOT EXISTS (
           SELECT FROM news n
           WHERE n.tenant = v.tenant AND n.subject = ANY (v.subjects) AND n.time > v.start_time - $5 * interval '1 millisecond'
             AND NOT n.evidence = ANY (v.considered)
         )
         -- A verdict that it rests on was taken back: whoever verifies its bundle refuses it.
         AND NOT EXISTS (
           SELECT FROM verdicts b
           WHERE b.tenant = v.tenant AND b.candidate_sha256 = v.baseline_sha256 AND b.revoked_at IS NOT NULL AND b.envelope_sha256 = ANY (v.considered)
         )
       ${NEWEST}`,
      [tenant, requestDigest, askedSha256, trustRootSha256, limits.newsSkewMs],
    );
  }

  get(tenant: string, id: string): Promise<VerdictRecord | undefined> {
    return this.#one(`SELECT ${COLUMNS} FROM verdicts WHERE tenant = $1 AND id = $2`, [tenant, id]);
  }

  allowOf(tenant: string, candidateSha256: string): Promise<VerdictRecord | undefined> {
    return this.#one(`SELECT ${COLUMNS} FROM verdicts WHERE tenant = $1 AND candidate_sha256 = $2 AND outcome = 'ALLOW' AND revoked_at IS NULL ${NEWEST}`, [tenant, candidateSha256]);
  }

  async inForce(tenant: string, candidateSha256: string, policyId: string, tx?: Tx): Promise<readonly string[]> {
    if (tx) await lockInTransaction(tx, `verdicts of ${tenant} ${candidateSha256} ${policyId}`);
    const sql: Sql = tx ?? this.database;
    const rows = await sql.query<{ id: string }>(
      'SELECT id FROM verdicts WHERE tenant = $1 AND candidate_sha256 = $2 AND policy_id = $3 AND revoked_at IS NULL ORDER BY issued_at DESC, id DESC',
      [tenant, candidateSha256, policyId],
    );
    return rows.map(({ id }) => id);
  }

  async list(tenant: string, candidateSha256: string | undefined, after: PagePlace | undefined, count: number): Promise<VerdictPage> {
    const rows = await this.database.query<VerdictRow>(
      `SELECT ${COLUMNS} FROM verdicts WHERE tenant = $1 AND ($2::text IS NULL OR candidate_sha256 = $2)
         AND ($3::timestamptz IS NULL OR (issued_at, id) < ($3, $4))
       ORDER BY issued_at DESC, id DESC LIMIT $5`,
      [tenant, candidateSha256 ?? null, after?.issuedAt ?? null, after?.id ?? '', count + 1],
    );
    const records: VerdictRecord[] = [];
    // One after the other: an envelope is some megabytes where much is unexplained.
    for (const row of rows.slice(0, count)) records.push(await this.#record(row));
    const last = records.at(-1);
    return { records, next: rows.length > count && last ? { issuedAt: last.issuedAt, id: last.id } : undefined };
  }

  async add(tx: Tx, record: VerdictRecord, scope: VerdictScope): Promise<void> {
    const { verdict } = record;
    await tx.execute(
      `INSERT INTO verdicts (id, tenant, request_digest, outcome, baseline_sha256, candidate_sha256, policy_id, policy_sha256, envelope_sha256,
         vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, supersedes, issued_at, asked_sha256, trust_root_sha256, is_whole, start_time,
         subjects, considered)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
      [
        record.id, record.tenant, verdict.requestId, verdict.outcome, verdict.baseline.sha256, verdict.candidate.sha256, verdict.policy.id, verdict.policy.sha256,
        sha256Hex(record.envelope), record.vsa ? sha256Hex(record.vsa) : '', record.bundleSha256, record.bundleSizeBytes, record.evaluationMs, verdict.supersedes,
        record.issuedAt, scope.askedSha256, verdict.trustRootSha256, isWhole(verdict), scope.startTime, scope.subjects, scope.considered,
      ],
    );
  }

  async revoke(tx: Tx, tenant: string, id: string, { word, note }: { readonly word: RevocationWord; readonly note: string }, at: Date): Promise<boolean> {
    const changed = await tx.execute(
      'UPDATE verdicts SET revoked_at = $3, revoked_reason = $4, revoked_note = $5 WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL',
      [tenant, id, at, word, note.replaceAll('\0', '')],
    );
    return changed > 0;
  }

  async #one(text: string, values: readonly unknown[]): Promise<VerdictRecord | undefined> {
    const [row] = await this.database.query<VerdictRow>(text, values);
    return row && this.#record(row);
  }

  async #record(row: VerdictRow): Promise<VerdictRecord> {
    const [envelope, vsa] = await Promise.all([
      this.blobs.bytes(row.envelope_sha256, limits.envelopeBytesMax),
      row.vsa_sha256 === '' ? undefined : this.blobs.bytes(row.vsa_sha256, limits.envelopeBytesMax),
    ]);
    return {
      id: row.id,
      tenant: row.tenant,
      verdict: readVerdict(parseStatement(parseEnvelope(envelope).payload)),
      envelope,
      vsa,
      bundleSha256: row.bundle_sha256,
      bundleSizeBytes: Number(row.bundle_size_bytes),
      evaluationMs: row.evaluation_ms,
      issuedAt: row.issued_at,
      revokedAt: row.revoked_at ?? undefined,
    };
  }
}
