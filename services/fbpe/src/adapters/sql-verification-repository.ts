import type { Database, Tx } from '@stella/platform-database';
import type { KeptVerification, VerificationRepository } from '../application/ports.js';

interface VerificationRow {
  readonly tenant: string;
  readonly payload_digest: string;
  readonly key_fingerprint: string;
  readonly organisation: string;
  readonly same_operator: boolean;
  readonly relation: KeptVerification['relation'];
  readonly result: KeptVerification['result'];
  readonly method: KeptVerification['method'];
  readonly reason: string | null;
  readonly predicate_type: string;
  readonly envelope_sha256: string;
  readonly origin: string;
  readonly entry_index: bigint;
}

export class SqlVerificationRepository implements VerificationRepository {
  constructor(private readonly database: Database) {}

  async save(tx: Tx, one: KeptVerification, at: Date): Promise<boolean> {
    const saved = await tx.execute(
      `INSERT INTO cross_verifications AS c (tenant, payload_digest, key_fingerprint, organisation, same_operator, relation, result, method, reason, predicate_type, envelope_sha256, origin, entry_index, create_time)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
       ON CONFLICT (tenant, payload_digest, key_fingerprint) DO UPDATE SET
         organisation = EXCLUDED.organisation, same_operator = EXCLUDED.same_operator, relation = EXCLUDED.relation, result = EXCLUDED.result, method = EXCLUDED.method,
         reason = EXCLUDED.reason, envelope_sha256 = EXCLUDED.envelope_sha256, origin = EXCLUDED.origin, entry_index = EXCLUDED.entry_index, create_time = EXCLUDED.create_time
       WHERE EXCLUDED.origin <> c.origin OR EXCLUDED.entry_index > c.entry_index`,
      [one.tenant, one.payloadDigest, one.keyFingerprint, one.organisation, one.sameOperator, one.relation, one.result, one.method, one.reason ?? null, one.predicateType, one.envelopeSha256, one.origin, one.index, at],
    );
    return saved === 1;
  }

  async of(tenant: string, payloadDigests: readonly string[]): Promise<KeptVerification[]> {
    const rows = await this.database.query<VerificationRow>('SELECT * FROM cross_verifications WHERE tenant = $1 AND payload_digest = ANY($2::text[]) ORDER BY organisation, key_fingerprint', [tenant, payloadDigests]);
    return rows.map((row) => ({
      tenant: row.tenant,
      payloadDigest: row.payload_digest,
      keyFingerprint: row.key_fingerprint,
      organisation: row.organisation,
      sameOperator: row.same_operator,
      relation: row.relation,
      result: row.result,
      method: row.method,
      ...(row.reason === null ? {} : { reason: row.reason }),
      predicateType: row.predicate_type,
      envelopeSha256: row.envelope_sha256,
      origin: row.origin,
      index: Number(row.entry_index),
    }));
  }

  async tally(predicateType: string, ownKey: string, silentSince: Date): Promise<{ agrees: number; disagrees: number; cannot: number; silent: number }> {
    const [row] = await this.database.query<{ agrees: bigint; disagrees: bigint; cannot: bigint; silent: bigint }>(
      `SELECT count(*) FILTER (WHERE c.result = 'agrees') AS agrees, count(*) FILTER (WHERE c.result = 'disagrees') AS disagrees,
         count(*) FILTER (WHERE c.result = 'cannot') AS cannot, count(*) FILTER (WHERE c.result IS NULL AND e.log_time < $3) AS silent
       FROM entries e LEFT JOIN cross_verifications c ON c.tenant = e.tenant AND c.payload_digest = e.payload_digest AND c.key_fingerprint <> $2
       WHERE e.predicate_type = $1`,
      [predicateType, ownKey, silentSince],
    );
    const number = (value: bigint | undefined) => Number(value ?? 0n);
    return { agrees: number(row?.agrees), disagrees: number(row?.disagrees), cannot: number(row?.cannot), silent: number(row?.silent) };
  }
}
