import type { Revocation } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { Database, Sql } from '@stella/platform-database';
import type { RevocationRepository, SignedList } from '../application/ports.js';
import { limits } from '../limits.js';

interface ListRow {
  readonly version: bigint;
  readonly entry_count: number;
  readonly envelope_sha256: string;
  readonly signer: string;
  readonly issued_at: Date;
}

export class SqlRevocationRepository implements RevocationRepository {
  constructor(
    private readonly database: Database,
    private readonly blobs: BlobStore,
  ) {}

  async count(): Promise<number> {
    const [row] = await this.database.query<{ count: bigint }>('SELECT count(*) FROM verdicts WHERE revoked_at IS NOT NULL');
    return Number(row?.count ?? 0n);
  }

  async last(): Promise<SignedList | undefined> {
    const [row] = await this.database.query<ListRow>('SELECT * FROM revocation_list');
    if (!row || row.envelope_sha256 === '') return undefined;
    const envelope = await this.blobs.bytes(row.envelope_sha256, limits.revocationListBytesMax);
    return { version: Number(row.version), envelope, entryCount: row.entry_count, signer: row.signer, issuedAt: row.issued_at };
  }

  next(sign: (version: number, entries: readonly Revocation[]) => Promise<SignedList>): Promise<SignedList> {
    return this.database.tx(async (tx) => {
      const [row] = await tx.query<ListRow>('SELECT * FROM revocation_list FOR UPDATE');
      const list = await sign(Number(row?.version ?? 0n) + 1, await entries(tx));
      const { sha256 } = await this.blobs.put(list.envelope);
      await tx.execute('UPDATE revocation_list SET version = $1, entry_count = $2, envelope_sha256 = $3, signer = $4, issued_at = $5', [list.version, list.entryCount, sha256, list.signer, list.issuedAt]);
      return list;
    });
  }
}

async function entries(sql: Sql): Promise<readonly Revocation[]> {
  const rows = await sql.query<{ id: string; revoked_at: Date; revoked_reason: string }>(
    'SELECT id, revoked_at, revoked_reason FROM verdicts WHERE revoked_at IS NOT NULL ORDER BY revoked_at, id LIMIT $1',
    [limits.revocationsListedMax + 1],
  );
  // A list that is cut short would say "not revoked" of what it leaves out.
  if (rows.length > limits.revocationsListedMax) throw new DomainError('REVOCATION_LIST_INVALID', { problem: 'more revocations than a list holds', revocationsMax: String(limits.revocationsListedMax) });
  return rows.map((row) => ({ kind: 'verdict', id: row.id, reason: row.revoked_reason, at: row.revoked_at }));
}
