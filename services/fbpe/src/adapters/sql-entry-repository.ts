import type { Database, Sql, Tx } from '@stella/platform-database';
import type { EntryPosition, EntryRepository, LoggedEntry, NewEntry, SubjectIndex } from '../application/ports.js';
import { bytea, columns } from './sql-values.js';

interface EntryRow {
  readonly tenant: string;
  readonly origin: string;
  readonly entry_index: bigint;
  readonly payload_digest: string;
  readonly envelope_sha256: string;
  readonly predicate_type: string;
  readonly record: Buffer;
  readonly log_time: Date;
}

const COLUMNS = 'tenant, origin, entry_index, payload_digest, envelope_sha256, predicate_type, record, log_time';

export class SqlEntryRepository implements EntryRepository, SubjectIndex {
  constructor(
    private readonly database: Database,
    private readonly origin: string,
  ) {}

  async findMany(keys: readonly { readonly tenant: string; readonly payloadDigest: string }[], sql: Sql = this.database): Promise<LoggedEntry[]> {
    if (keys.length === 0) return [];
    const rows = await sql.query<EntryRow>(
      `SELECT ${COLUMNS} FROM entries WHERE (tenant, payload_digest) IN (SELECT t, d FROM unnest($1::text[], $2::text[]) AS k (t, d))`,
      columns(keys, ({ tenant }) => tenant, ({ payloadDigest }) => payloadDigest),
    );
    return rows.map(toEntry);
  }

  async find(tenant: string, key: { readonly payloadDigest: string } | { readonly index: number }, sql: Sql = this.database): Promise<LoggedEntry | undefined> {
    const [row] =
      'index' in key
        ? await sql.query<EntryRow>(`SELECT ${COLUMNS} FROM entries WHERE origin = $1 AND entry_index = $2 AND tenant = $3`, [this.origin, key.index, tenant])
        : await sql.query<EntryRow>(`SELECT ${COLUMNS} FROM entries WHERE tenant = $1 AND payload_digest = $2`, [tenant, key.payloadDigest]);
    return row && toEntry(row);
  }

  async insert(tx: Tx, entries: readonly (NewEntry & { readonly index: number })[], logTime: Date): Promise<void> {
    if (entries.length === 0) return;
    const values = columns(
      entries,
      ({ index }) => index,
      ({ tenant }) => tenant,
      ({ payloadDigest }) => payloadDigest,
      ({ envelopeSha256 }) => envelopeSha256,
      ({ predicateType }) => predicateType,
      ({ record }) => bytea(record),
    );
    await tx.execute(
      `INSERT INTO entries (origin, entry_index, tenant, payload_digest, envelope_sha256, predicate_type, record, log_time)
       SELECT $1, e.*, $2::timestamptz FROM unnest($3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bytea[]) AS e`,
      [this.origin, logTime, ...values],
    );
    await insertSubjects(tx, entries.map((entry) => ({ ...entry, origin: this.origin })));
  }

  async claimRequest(tenant: string, requestId: string, { payloadDigest, envelopeSha256 }: { readonly payloadDigest: string; readonly envelopeSha256: string }): Promise<string | undefined> {
    const values = [tenant, requestId, payloadDigest, envelopeSha256];
    const claimed = await this.database.execute('INSERT INTO append_requests (tenant, request_id, payload_digest, envelope_sha256) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', values);
    if (claimed === 1) return undefined;
    const [row] = await this.database.query<{ envelope_sha256: string }>('SELECT envelope_sha256 FROM append_requests WHERE tenant = $1 AND request_id = $2', [tenant, requestId]);
    return row?.envelope_sha256;
  }

  async occurrences(tenant: string, subject: string, after: EntryPosition | undefined, countMax: number): Promise<EntryPosition[]> {
    const rows = await this.database.query<{ origin: string; entry_index: bigint }>(
      `SELECT origin, entry_index FROM entry_subjects WHERE tenant = $1 AND subject_sha256 = $2 AND (origin, entry_index) > ($3, $4)
       ORDER BY origin, entry_index LIMIT $5`,
      [tenant, subject, after?.origin ?? '', after?.index ?? -1, countMax],
    );
    return rows.map(({ origin, entry_index }) => ({ origin, index: Number(entry_index) }));
  }
}

export async function insertSubjects(tx: Tx, entries: readonly (EntryPosition & { readonly tenant: string; readonly subjects: readonly string[] })[]): Promise<void> {
  const rows = entries.flatMap(({ tenant, origin, index, subjects }) => subjects.map((subject) => ({ tenant, origin, index, subject })));
  await tx.execute(
    `INSERT INTO entry_subjects (tenant, subject_sha256, origin, entry_index) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) ON CONFLICT DO NOTHING`,
    columns(rows, ({ tenant }) => tenant, ({ subject }) => subject, ({ origin }) => origin, ({ index }) => index),
  );
}

function toEntry(row: EntryRow): LoggedEntry {
  return {
    tenant: row.tenant,
    origin: row.origin,
    index: Number(row.entry_index),
    payloadDigest: row.payload_digest,
    envelopeSha256: row.envelope_sha256,
    predicateType: row.predicate_type,
    record: row.record,
    logTime: row.log_time,
  };
}
