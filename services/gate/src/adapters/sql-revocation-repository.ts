import type { Revocation } from '@stella/attestation';
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
    return this.#listOf((await this.database.query<ListRow>('SELECT * FROM revocation_lists WHERE tenant = $1', [tenant]))[0]);
  }

  async isWhole(tenant: string, { entriesDigest, forgottenBefore }: SignedList, tx?: Tx): Promise<boolean> {
    return (await digest(tx ?? this.database, tenant, forgottenBefore)) === entriesDigest;
  }

  next(tenant: string, forgottenBefore: Date, willDo: (list: SignedList) => boolean, sign: (draft: ListDraft) => Promise<SignedList>): Promise<SignedList> {
    return this.database.tx(async (tx) => {
      // The versions go on from the list that all tenants shared before: no verifier sees a lower one.
      await tx.execute('INSERT INTO revocation_lists (tenant, version) SELECT $1, version FROM revocation_list ON CONFLICT DO NOTHING', [tenant]);
      const [row] = await tx.query<ListRow>('SELECT * FROM revocation_lists WHERE tenant = $1 FOR UPDATE', [tenant]);
      const last = await this.#listOf(row);
      if (last && willDo(last) && (await this.isWhole(tenant, last, tx))) return last;
      const list = await sign({ version: Number(row?.version ?? 0n) + 1, ...(await said(tx, tenant, forgottenBefore)) });
      const { sha256 } = await this.blobs.put(list.envelope);
      await tx.execute(
        'UPDATE revocation_lists SET version = $2, entries_digest = $3, forgotten_before = $4, envelope_sha256 = $5, signer = $6, issued_at = $7 WHERE tenant = $1',
        [tenant, list.version, list.entriesDigest, list.forgottenBefore, sha256, list.signer, list.issuedAt],
      );
      await tx.execute(`DELETE FROM revocations WHERE tenant = $1 AND kind IN ('candidate', 'question') AND at <= $2`, [tenant, forgottenBefore]);
      return list;
    });
  }

  async add(tx: Tx, tenant: string, { kind, id, reason, at }: Revocation): Promise<void> {
    await tx.execute(
      `INSERT INTO revocations AS r (tenant, kind, id, reason, at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (tenant, kind, id) DO UPDATE SET reason = excluded.reason, at = excluded.at WHERE r.at < excluded.at`,
      [tenant, kind, id, reason, at],
    );
  }

  async #listOf(row: ListRow | undefined): Promise<SignedList | undefined> {
    if (!row || row.envelope_sha256 === '') return undefined;
    const envelope = await this.blobs.bytes(row.envelope_sha256, limits.revocationListBytesMax);
    return { version: Number(row.version), envelope, entriesDigest: row.entries_digest, forgottenBefore: row.forgotten_before, signer: row.signer, issuedAt: row.issued_at };
  }
}

/** Entries and their digest, by one look at all of them: one more than a list holds tells that there are too many. */
async function said(sql: Sql, tenant: string, forgottenBefore: Date): Promise<Pick<ListDraft, 'entries' | 'entriesDigest'>> {
  const rows = await sql.query<{ digest: string } & { [K in keyof Revocation]: Revocation[K] | null }>(
    `WITH e AS MATERIALIZED (SELECT kind, id, reason, at ${ENTRIES})
     SELECT d.digest, s.* FROM (SELECT ${DIGEST} AS digest FROM e) d LEFT JOIN (SELECT * FROM e ORDER BY at, kind, id LIMIT $3) s ON true ORDER BY s.at, s.kind, s.id`,
    [tenant, forgottenBefore, limits.revocationsListedMax + 1],
  );
  const entries = rows.flatMap(({ kind, id, reason, at }) => (kind === null || id === null || reason === null || at === null ? [] : [{ kind, id, reason, at }]));
  return { entries, entriesDigest: rows[0]?.digest ?? '' };
}

async function digest(sql: Sql, tenant: string, forgottenBefore: Date): Promise<string> {
  const [row] = await sql.query<{ digest: string }>(`SELECT ${DIGEST} AS digest ${ENTRIES}`, [tenant, forgottenBefore]);
  return row?.digest ?? '';
}
