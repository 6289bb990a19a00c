import { parseEnvelope, parseStatement } from '@stella/attestation';
import type { BlobStore } from '@stella/platform-blobs';
import type { Database, Tx } from '@stella/platform-database';
import { readWithdrawal, type WithdrawalKind } from '@stella/verdict';
import type { Page, PagePlace, WithdrawalRepository } from '../application/repositories.js';
import type { WithdrawalRecord } from '../domain/withdrawal-record.js';
import { limits } from '../limits.js';

interface WithdrawalRow {
  readonly note: string;
  readonly said_at: Date;
  readonly envelope_sha256: string;
  readonly payload_sha256: string;
}

const COLUMNS = 'note, said_at, envelope_sha256, payload_sha256';

export class SqlWithdrawalRepository implements WithdrawalRepository {
  constructor(
    private readonly database: Database,
    private readonly blobs: BlobStore,
  ) {}

  async last(tenant: string, kind: WithdrawalKind, id: string): Promise<WithdrawalRecord | undefined> {
    return (await this.#newest(tenant, kind, id, 1))[0];
  }

  async standing(tenant: string, candidateSha256: string): Promise<readonly WithdrawalRecord[]> {
    const [last, before] = await this.#newest(tenant, 'candidate', candidateSha256, 2);
    if (last === undefined) return [];
    return last.withdrawal.standing === 'reinstated' && before ? [before, last] : [last];
  }

  async sequence(tx: Tx, tenant: string, candidateSha256: string): Promise<number> {
    const [row] = await tx.query<{ sequence: number | null }>(`SELECT max(sequence) AS sequence FROM withdrawals WHERE tenant = $1 AND kind = 'candidate' AND id = $2`, [tenant, candidateSha256]);
    return row?.sequence ?? 0;
  }

  async list(tenant: string, kind: WithdrawalKind | undefined, after: PagePlace | undefined, count: number): Promise<Page<WithdrawalRecord>> {
    const rows = await this.database.query<WithdrawalRow>(
      `SELECT ${COLUMNS} FROM withdrawals w WHERE tenant = $1 AND ($2::text IS NULL OR kind = $2) AND ($3::timestamptz IS NULL OR (said_at, payload_sha256) < ($3, $4))
         AND sequence = (SELECT max(sequence) FROM withdrawals l WHERE l.tenant = w.tenant AND l.kind = w.kind AND l.id = w.id)
       ORDER BY said_at DESC, payload_sha256 DESC LIMIT $5`,
      [tenant, kind ?? null, after?.time ?? null, after?.id ?? '', count + 1],
    );
    const shown = rows.slice(0, count);
    const last = shown.at(-1);
    return { records: await Promise.all(shown.map((row) => this.#record(row))), next: rows.length > count && last ? { time: last.said_at, id: last.payload_sha256 } : undefined };
  }

  async add(tx: Tx, { withdrawal, note, envelopeSha256, payloadSha256 }: WithdrawalRecord): Promise<void> {
    const { tenant, kind, id, sequence, standing, reason, by, at, verdict } = withdrawal;
    await tx.execute(
      `INSERT INTO withdrawals (tenant, kind, id, sequence, standing, reason, note, said_by, said_at, verdict_id, envelope_sha256, payload_sha256)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [tenant, kind, id, sequence, standing, reason, note.replaceAll('\0', ''), by, new Date(at), verdict, envelopeSha256, payloadSha256],
    );
  }

  async #newest(tenant: string, kind: WithdrawalKind, id: string, count: number): Promise<readonly WithdrawalRecord[]> {
    const rows = await this.database.query<WithdrawalRow>(`SELECT ${COLUMNS} FROM withdrawals WHERE tenant = $1 AND kind = $2 AND id = $3 ORDER BY sequence DESC LIMIT $4`, [tenant, kind, id, count]);
    return Promise.all(rows.map((row) => this.#record(row)));
  }

  async #record({ note, envelope_sha256: envelopeSha256, payload_sha256: payloadSha256 }: WithdrawalRow): Promise<WithdrawalRecord> {
    const envelope = await this.blobs.bytes(envelopeSha256, limits.envelopeBytesMax);
    const { subjects, predicate } = parseStatement(parseEnvelope(envelope).payload);
    return { withdrawal: readWithdrawal(subjects, predicate), note, envelope, envelopeSha256, payloadSha256 };
  }
}
