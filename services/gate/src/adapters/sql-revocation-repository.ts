import type { Revocation, RevocationKind } from '@stella/attestation';
import type { BlobStore } from '@stella/platform-blobs';
import type { Database, Sql, Tx } from '@stella/platform-database';
import type { ListDraft, RevocationRepository, SignedList } from '../application/repositories.js';
import { limits } from '../limits.js';

interface ListRow {
  readonly version: bigint;
  readonly entries_digest: string;
  readonly forgotten_before: Date;
  readonly envelope_sha256: string;
  readonly signer: string;
  readonly issued_at: Date;
}

/** What counts: keys and policies for good, the rest until what it is about has ended. */
const ENTRIES = `FROM revocation_entries WHERE tenant = $1 AND (kind IN ('key', 'policy') OR at > $2)`;
const DIGEST = `count(*) || ' ' || COALESCE(md5(string_agg(kind || id || reason || extract(epoch FROM at), ',' ORDER BY kind, id)), '')`;

export class SqlRevocationRepository implements RevocationRepository {
  constructor(
    private readonly database: Database,
    private readonly blobs: BlobStore,
  ) {}

  async last(tenant: string): Promise<SignedList | undefined> {
    const [row] = await this.database.query<ListRow>('SELECT * FROM revocation_lists WHERE tenant = $1', [tenant]);
    if (!row || row.envelope_sha256 === '') return undefined;
    const envelope = await this.blobs.bytes(row.envelope_sha256, limits.revocationListBytesMax);
    return { version: Number(row.version), envelope, entriesDigest: row.entries_digest, forgottenBefore: row.forgotten_before, signer: row.signer, issuedAt: row.issued_at };
  }

  async isWhole(tenant: string, { entriesDigest, forgottenBefore }: SignedList, tx?: Tx): Promise<boolean> {
    return (await digest(tx ?? this.database, tenant, forgottenBefore)) === entriesDigest;
  }

  next(tenant: string, forgottenBefore: Date, sign: (draft: ListDraft) => Promise<SignedList>): Promise<SignedList> {
    // One look at all entries: what is taken back while they are read makes the list one that is not whole.
    return this.database.tx(
      async (tx) => {
        // The versions go on from the list that all tenants shared before: no verifier sees a lower one.
        await tx.execute('INSERT INTO revocation_lists (tenant, version) SELECT $1, version FROM revocation_list ON CONFLICT DO NOTHING', [tenant]);
        const [row] = await tx.query<ListRow>('SELECT * FROM revocation_lists WHERE tenant = $1 FOR UPDATE', [tenant]);
        const version = Number(row?.version ?? 0n) + 1;
        const list = await sign({ version, entries: await entries(tx, tenant, forgottenBefore), entriesDigest: await digest(tx, tenant, forgottenBefore) });
        const { sha256 } = await this.blobs.put(list.envelope);
        await tx.execute(
          'UPDATE revocation_lists SET version = $2, entries_digest = $3, forgotten_before = $4, envelope_sha256 = $5, signer = $6, issued_at = $7 WHERE tenant = $1',
          [tenant, list.version, list.entriesDigest, list.forgottenBefore, sha256, list.signer, list.issuedAt],
        );
        await tx.execute(`DELETE FROM revocations WHERE tenant = $1 AND kind IN ('candidate', 'question') AND at <= $2`, [tenant, forgottenBefore]);
        return list;
      },
      { isolation: 'repeatable read' },
    );
  }

  async add(tx: Tx, tenant: string, { kind, id, reason, at }: Revocation): Promise<void> {
    await tx.execute(
      `INSERT INTO revocations AS r (tenant, kind, id, reason, at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (tenant, kind, id) DO UPDATE SET reason = excluded.reason, at = excluded.at WHERE r.at < excluded.at`,
      [tenant, kind, id, reason, at],
    );
  }

  async isRevoked(tenant: string, kind: RevocationKind, id: string): Promise<boolean> {
    return (await this.database.query('SELECT FROM revocations WHERE tenant = $1 AND kind = $2 AND id = $3', [tenant, kind, id])).length > 0;
  }
}

async function entries(sql: Sql, tenant: string, forgottenBefore: Date): Promise<readonly Revocation[]> {
  // One more than a list holds tells that there are too many.
  return sql.query<Revocation & object>(`SELECT kind, id, reason, at ${ENTRIES} ORDER BY at, kind, id LIMIT $3`, [tenant, forgottenBefore, limits.revocationsListedMax + 1]);
}

async function digest(sql: Sql, tenant: string, forgottenBefore: Date): Promise<string> {
  const [row] = await sql.query<{ digest: string }>(`SELECT ${DIGEST} AS digest ${ENTRIES}`, [tenant, forgottenBefore]);
  return row?.digest ?? '';
}
