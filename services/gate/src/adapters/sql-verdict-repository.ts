import { parseEnvelope, parseStatement, sha256Hex } from '@stella/attestation';
import type { BlobStore } from '@stella/platform-blobs';
import type { Database, Tx } from '@stella/platform-database';
import { readVerdict } from '@stella/verdict';
import type { EarlierAnswer, Page, PagePlace, VerdictRepository } from '../application/repositories.js';
import { isWhole, type VerdictRecord, type VerdictScope } from '../domain/verdict-record.js';
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
  readonly revoked_reason: string;
  readonly superseded_by: string;
}

const COLUMNS = 'id, tenant, envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, issued_at, revoked_at, revoked_reason, superseded_by';
const NEWEST = 'ORDER BY issued_at DESC, id DESC LIMIT 1';
/** Of a row `v`; the parameter is how far clocks differ. */
const hasNews = (skewMs: string): string => `EXISTS (
  SELECT FROM news n
  WHERE n.tenant = v.tenant AND n.subject = ANY (v.subjects) AND n.time > v.start_time - ${skewMs} * interval '1 millisecond'
    AND NOT n.evidence = ANY (v.considered)
)`;
/** Of a row `v` of `verdicts`: when it ends. */
export const VALID_UNTIL = `COALESCE(v.valid_until, v.issued_at + ${limits.verdictValidMs} * interval '1 millisecond')`;

/** Rows say where a verdict stands; what it says is read from its envelope. */
export class SqlVerdictRepository implements VerdictRepository {
  constructor(
    private readonly database: Database,
    private readonly blobs: BlobStore,
  ) {}

  answerTo({ tenant, requestDigest, askedSha256, trustRootSha256, issuedAfter }: EarlierAnswer): Promise<VerdictRecord | undefined> {
    return this.#one(
      `SELECT ${COLUMNS} FROM verdicts v
       WHERE tenant = $1 AND request_digest = $2 AND asked_sha256 = $3 AND trust_root_sha256 = $4 AND is_whole AND revoked_at IS NULL
         AND issued_at > $6 AND NOT ${hasNews('$5')}
         -- Asked in other words, the question has another answer by now.
         AND NOT EXISTS (SELECT FROM verdicts s WHERE s.id = v.superseded_by AND s.outcome <> v.outcome)
         -- A verdict that it rests on was taken back: whoever verifies its bundle refuses it.
         AND NOT EXISTS (
           SELECT FROM verdicts b
           WHERE b.tenant = v.tenant AND b.candidate_sha256 = v.baseline_sha256 AND b.revoked_at IS NOT NULL AND b.envelope_sha256 = ANY (v.considered)
         )
       ${NEWEST}`,
      [tenant, requestDigest, askedSha256, trustRootSha256, limits.newsSkewMs, issuedAfter],
    );
  }

  async missesNews(tenant: string, id: string): Promise<boolean> {
    const [row] = await this.database.query<{ misses: boolean }>(`SELECT ${hasNews('$3')} AS misses FROM verdicts v WHERE tenant = $1 AND id = $2`, [tenant, id, limits.newsSkewMs]);
    return row?.misses ?? true;
  }

  ifItCovers(tenant: string, id: string, { requestDigest, askedSha256 }: Pick<EarlierAnswer, 'requestDigest' | 'askedSha256'>, considered: readonly string[]): Promise<VerdictRecord | undefined> {
    return this.#one(
      `SELECT ${COLUMNS} FROM verdicts
       WHERE tenant = $1 AND id = $2 AND request_digest = $3 AND asked_sha256 = $4 AND considered @> $5::text[] AND is_whole AND revoked_at IS NULL`,
      [tenant, id, requestDigest, askedSha256, considered],
    );
  }

  get(tenant: string, id: string): Promise<VerdictRecord | undefined> {
    return this.#one(`SELECT ${COLUMNS} FROM verdicts WHERE tenant = $1 AND id = $2`, [tenant, id]);
  }

  allowOf(tenant: string, candidateSha256: string, policies: { readonly ids: readonly string[]; readonly sha256: string }, now: Date): Promise<VerdictRecord | undefined> {
    return this.#one(
      `SELECT ${COLUMNS} FROM verdicts v
       WHERE tenant = $1 AND candidate_sha256 = $2 AND outcome = 'ALLOW' AND revoked_at IS NULL AND (policy_id = ANY ($3) OR policy_sha256 = $4) AND ${VALID_UNTIL} > $5
       ${NEWEST}`,
      [tenant, candidateSha256, policies.ids, policies.sha256, now],
    );
  }

  async list(tenant: string, candidateSha256: string | undefined, after: PagePlace | undefined, count: number): Promise<Page<VerdictRecord>> {
    const rows = await this.database.query<VerdictRow>(
      `SELECT ${COLUMNS} FROM verdicts WHERE tenant = $1 AND ($2::text IS NULL OR candidate_sha256 = $2)
         AND ($3::timestamptz IS NULL OR (issued_at, id) < ($3, $4))
       ORDER BY issued_at DESC, id DESC LIMIT $5`,
      [tenant, candidateSha256 ?? null, after?.time ?? null, after?.id ?? '', count + 1],
    );
    const records: VerdictRecord[] = [];
    // One after the other: an envelope is some megabytes where much is unexplained.
    for (const row of rows.slice(0, count)) records.push(await this.#record(row));
    const last = records.at(-1);
    return { records, next: rows.length > count && last ? { time: last.issuedAt, id: last.id } : undefined };
  }

  async add(tx: Tx, record: VerdictRecord, scope: VerdictScope): Promise<void> {
    const { verdict } = record;
    const { place } = scope;
    await tx.execute(
      `INSERT INTO verdicts (id, tenant, request_digest, outcome, baseline_sha256, candidate_sha256, policy_id, policy_sha256, envelope_sha256,
         vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, supersedes, issued_at, asked_sha256, trust_root_sha256, is_whole, start_time,
         subjects, considered, began, question_sha256, valid_until, baseline_verdict, signers)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)`,
      [
        record.id, record.tenant, verdict.requestId, verdict.outcome, verdict.baseline.sha256, verdict.candidate.sha256, verdict.policy.id, verdict.policy.sha256,
        sha256Hex(record.envelope), record.vsa ? sha256Hex(record.vsa) : '', record.bundleSha256, record.bundleSizeBytes, record.evaluationMs, verdict.supersedes,
        record.issuedAt, scope.askedSha256, verdict.trustRootSha256, isWhole(verdict), scope.startTime, scope.subjects, scope.considered,
        place.began, place.question, new Date(verdict.validUntil), scope.baselineVerdict, scope.signers,
      ],
    );
    await tx.execute('INSERT INTO verdict_witnesses (verdict_id, witness) SELECT $1, unnest($2::text[])', [record.id, scope.witnesses]);
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
      revokedFor: row.revoked_reason,
      supersededBy: row.superseded_by,
    };
  }
}
