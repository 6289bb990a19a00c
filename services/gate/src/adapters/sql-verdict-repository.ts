import { IN_TOTO_PAYLOAD_TYPE, parseEnvelope, parseStatement, type Revocation, sha256Hex } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { Database, Tx } from '@stella/platform-database';
import { readVerdict } from '@stella/verdict';
import type { PagePlace, VerdictPage, VerdictRepository } from '../application/ports.js';
import type { VerdictRecord } from '../domain/release.js';
import { limits } from '../limits.js';

interface VerdictRow {
  readonly id: string;
  readonly tenant: string;
  readonly request_digest: string;
  readonly witnesses_sha256: string;
  readonly envelope_sha256: string;
  readonly vsa_sha256: string;
  readonly bundle_sha256: string;
  readonly bundle_size_bytes: bigint;
  readonly evaluation_ms: number;
  readonly issued_at: Date;
  readonly revoked_at: Date | null;
  readonly revoked_reason: string;
}

/** Rows say where a verdict stands; what it says is read from its envelope. */
export class SqlVerdictRepository implements VerdictRepository {
  constructor(
    private readonly database: Database,
    private readonly blobs: BlobStore,
  ) {}

  answerTo(tenant: string, requestDigest: string, witnessesSha256: string): Promise<VerdictRecord | undefined> {
    return this.#one(
      `SELECT * FROM verdicts WHERE tenant = $1 AND request_digest = $2 AND witnesses_sha256 = $3 AND revoked_at IS NULL
       ORDER BY issued_at DESC, id LIMIT 1`,
      [tenant, requestDigest, witnessesSha256],
    );
  }

  get(tenant: string, id: string): Promise<VerdictRecord | undefined> {
    return this.#one('SELECT * FROM verdicts WHERE tenant = $1 AND id = $2', [tenant, id]);
  }

  inForce(tenant: string, candidateSha256: string, policyId: string): Promise<VerdictRecord | undefined> {
    return this.#one(
      `SELECT * FROM verdicts WHERE tenant = $1 AND candidate_sha256 = $2 AND policy_id = $3 AND revoked_at IS NULL
       ORDER BY issued_at DESC, id LIMIT 1`,
      [tenant, candidateSha256, policyId],
    );
  }

  allowOf(tenant: string, candidateSha256: string): Promise<VerdictRecord | undefined> {
    return this.#one(
      `SELECT * FROM verdicts WHERE tenant = $1 AND candidate_sha256 = $2 AND outcome = 'ALLOW' AND revoked_at IS NULL
       ORDER BY issued_at DESC, id LIMIT 1`,
      [tenant, candidateSha256],
    );
  }

  async list(tenant: string, candidateSha256: string | undefined, after: PagePlace | undefined, count: number): Promise<VerdictPage> {
    const rows = await this.database.query<VerdictRow>(
      `SELECT * FROM verdicts WHERE tenant = $1 AND ($2::text IS NULL OR candidate_sha256 = $2)
         AND ($3::timestamptz IS NULL OR (issued_at, id) < ($3, $4))
       ORDER BY issued_at DESC, id DESC LIMIT $5`,
      [tenant, candidateSha256 ?? null, after?.issuedAt ?? null, after?.id ?? '', count + 1],
    );
    const records = await Promise.all(rows.slice(0, count).map((row) => this.#record(row)));
    const last = records.at(-1);
    return { records, next: rows.length > count && last ? { issuedAt: last.issuedAt, id: last.id } : undefined };
  }

  async add(tx: Tx, record: VerdictRecord): Promise<void> {
    const { verdict } = record;
    await tx.execute(
      `INSERT INTO verdicts (id, tenant, request_digest, outcome, baseline_sha256, candidate_sha256, policy_id, policy_sha256, witnesses_sha256,
         envelope_sha256, vsa_sha256, bundle_sha256, bundle_size_bytes, evaluation_ms, supersedes, issued_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (id) DO NOTHING`,
      [
        record.id, record.tenant, record.requestDigest, verdict.outcome, verdict.baseline.sha256, verdict.candidate.sha256, verdict.policy.id,
        verdict.policy.sha256, record.witnessesSha256, sha256Hex(record.envelope), record.vsa.length > 0 ? sha256Hex(record.vsa) : '',
        record.bundleSha256, record.bundleSizeBytes, record.evaluationMs, verdict.supersedes, record.issuedAt,
      ],
    );
  }

  async revoke(tx: Tx, tenant: string, id: string, reason: string, at: Date): Promise<boolean> {
    const changed = await tx.execute('UPDATE verdicts SET revoked_at = $3, revoked_reason = $4 WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL', [tenant, id, at, reason]);
    if (changed > 0) await tx.execute('UPDATE revocation_list SET version = version + 1');
    return changed > 0;
  }

  async revocations(): Promise<{ version: number; entries: readonly Revocation[] }> {
    return this.database.tx(
      async (tx) => {
        const [list] = await tx.query<{ version: bigint }>('SELECT version FROM revocation_list');
        const rows = await tx.query<{ id: string; revoked_at: Date; revoked_reason: string }>(
          'SELECT id, revoked_at, revoked_reason FROM verdicts WHERE revoked_at IS NOT NULL ORDER BY revoked_at, id LIMIT $1',
          [limits.revocationsListedMax + 1],
        );
        // A list that is cut short would say "not revoked" of what it leaves out.
        if (!list || rows.length > limits.revocationsListedMax) throw new DomainError('REVOCATION_LIST_INVALID', { problem: 'more revocations than a list holds' });
        return { version: Number(list.version), entries: rows.map((row) => ({ kind: 'verdict' as const, id: row.id, reason: row.revoked_reason, at: row.revoked_at })) };
      },
      { isolation: 'repeatable read', readOnly: true },
    );
  }

  async #one(text: string, values: readonly unknown[]): Promise<VerdictRecord | undefined> {
    const [row] = await this.database.query<VerdictRow>(text, values);
    return row && this.#record(row);
  }

  async #record(row: VerdictRow): Promise<VerdictRecord> {
    const envelope = await this.blobs.bytes(row.envelope_sha256);
    const { payload, payloadType } = parseEnvelope(envelope);
    if (payloadType !== IN_TOTO_PAYLOAD_TYPE) throw new DomainError('VERDICT_INVALID', { verdict: row.id, problem: 'payload type' });
    return {
      id: row.id,
      tenant: row.tenant,
      requestDigest: row.request_digest,
      witnessesSha256: row.witnesses_sha256,
      verdict: readVerdict(parseStatement(payload)),
      envelope,
      vsa: row.vsa_sha256 === '' ? new Uint8Array() : await this.blobs.bytes(row.vsa_sha256),
      bundleSha256: row.bundle_sha256,
      bundleSizeBytes: Number(row.bundle_size_bytes),
      evaluationMs: row.evaluation_ms,
      issuedAt: row.issued_at,
      revokedAt: row.revoked_at ?? undefined,
      revokedReason: row.revoked_reason,
    };
  }
}
