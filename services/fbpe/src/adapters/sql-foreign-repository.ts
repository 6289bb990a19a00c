import type { Database, Sql, Tx } from '@stella/platform-database';
import type { ForeignEntry, ForeignRepository } from '../application/ports.js';
import { insertSubjects } from './sql-entry-repository.js';
import { bytea, columns } from './sql-values.js';

interface ForeignRow {
  readonly peering_id: string;
  readonly tenant: string;
  readonly origin: string;
  readonly entry_index: bigint;
  readonly record: Buffer;
  readonly payload_digest: string | null;
  readonly predicate_type: string;
  readonly subjects: string[];
  readonly tree_size: bigint;
  readonly inclusion: Buffer;
  readonly verify_time: Date;
  readonly payload_state: ForeignEntry['payloadState'];
  readonly envelope_sha256: string | null;
  readonly check_attempts: number;
}

const SELECT = `SELECT f.*, p.origin, array(SELECT s.subject_sha256 FROM entry_subjects s
    WHERE s.tenant = f.tenant AND s.origin = p.origin AND s.entry_index = f.entry_index) AS subjects
  FROM foreign_entries f JOIN peerings p ON p.id = f.peering_id`;

export class SqlForeignRepository implements ForeignRepository {
  constructor(private readonly database: Database) {}

  async insert(tx: Tx, entries: readonly ForeignEntry[]): Promise<void> {
    const values = columns(
      entries,
      ({ peeringId }) => peeringId,
      ({ index }) => index,
      ({ tenant }) => tenant,
      ({ payloadDigest }) => payloadDigest ?? null,
      ({ predicateType }) => predicateType,
      ({ record }) => bytea(record),
      ({ treeSize }) => treeSize,
      ({ inclusion }) => Buffer.concat(inclusion),
      ({ verifyTime }) => verifyTime,
      ({ payloadState }) => payloadState,
    );
    await tx.execute(
      `INSERT INTO foreign_entries (peering_id, entry_index, tenant, payload_digest, predicate_type, record, tree_size, inclusion, verify_time, payload_state, check_state)
       SELECT e.*, 'none' FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::bigint[], $8::bytea[], $9::timestamptz[], $10::text[]) AS e
       ON CONFLICT DO NOTHING`,
      values,
    );
    await insertSubjects(tx, entries);
  }

  async saveCheckpoint(sql: Sql, peeringId: string, size: number, note: Uint8Array): Promise<void> {
    await sql.execute(
      `INSERT INTO foreign_checkpoints (peering_id, size, note) VALUES ($1, $2, $3)
       ON CONFLICT (peering_id, size) DO UPDATE SET note = EXCLUDED.note WHERE length(EXCLUDED.note) >= length(foreign_checkpoints.note)`,
      [peeringId, size, bytea(note)],
    );
  }

  async checkpoint(peeringId: string, size: number): Promise<Uint8Array | undefined> {
    const [row] = await this.database.query<{ note: Buffer }>('SELECT note FROM foreign_checkpoints WHERE peering_id = $1 AND size = $2', [peeringId, size]);
    return row?.note;
  }

  find(tenant: string, origin: string, index: number): Promise<ForeignEntry | undefined> {
    return this.#one('f.tenant = $1 AND p.origin = $2 AND f.entry_index = $3', [tenant, origin, index]);
  }

  withPayload(tenant: string, payloadDigest: string): Promise<ForeignEntry | undefined> {
    return this.#one('f.tenant = $1 AND f.payload_digest = $2 ORDER BY p.origin, f.entry_index LIMIT 1', [tenant, payloadDigest]);
  }

  wanted(peeringId: string, countMax: number): Promise<ForeignEntry[]> {
    return this.#many(`f.peering_id = $1 AND f.payload_state = 'wanted' ORDER BY f.entry_index LIMIT $2`, [peeringId, countMax]);
  }

  async payloadArrived(entry: ForeignEntry, payload: { readonly state: string; readonly envelopeSha256?: string; readonly signer?: string }, isToCheck: boolean): Promise<void> {
    await this.database.execute(
      `UPDATE foreign_entries SET payload_state = $3, envelope_sha256 = $4, signer_fingerprint = $5, check_state = $6, next_check_time = '-infinity'
       WHERE peering_id = $1 AND entry_index = $2 AND payload_state = 'wanted'`,
      [entry.peeringId, entry.index, payload.state, payload.envelopeSha256 ?? null, payload.signer ?? null, isToCheck ? 'due' : 'none'],
    );
  }

  due(peeringId: string, now: Date, countMax: number): Promise<ForeignEntry[]> {
    return this.#many(`f.peering_id = $1 AND f.check_state = 'due' AND f.next_check_time <= $2 ORDER BY f.next_check_time, f.entry_index LIMIT $3`, [peeringId, now, countMax]);
  }

  async checked(sql: Sql, { peeringId, index }: ForeignEntry): Promise<void> {
    await sql.execute(`UPDATE foreign_entries SET check_state = 'done' WHERE peering_id = $1 AND entry_index = $2`, [peeringId, index]);
  }

  async checkLater({ peeringId, index }: ForeignEntry, at: Date): Promise<void> {
    await this.database.execute('UPDATE foreign_entries SET check_attempts = check_attempts + 1, next_check_time = $3 WHERE peering_id = $1 AND entry_index = $2', [peeringId, index, at]);
  }

  async #one(where: string, values: readonly unknown[]): Promise<ForeignEntry | undefined> {
    return (await this.#many(where, values))[0];
  }

  async #many(where: string, values: readonly unknown[]): Promise<ForeignEntry[]> {
    return (await this.database.query<ForeignRow>(`${SELECT} WHERE ${where}`, values)).map(toEntry);
  }
}

function toEntry(row: ForeignRow): ForeignEntry {
  return {
    peeringId: row.peering_id,
    tenant: row.tenant,
    origin: row.origin,
    index: Number(row.entry_index),
    record: row.record,
    payloadDigest: row.payload_digest ?? undefined,
    predicateType: row.predicate_type,
    subjects: row.subjects,
    treeSize: Number(row.tree_size),
    inclusion: hashesOf(row.inclusion),
    verifyTime: row.verify_time,
    payloadState: row.payload_state,
    envelopeSha256: row.envelope_sha256 ?? undefined,
    checkAttempts: row.check_attempts,
  };
}

function hashesOf(joined: Buffer): Buffer[] {
  return Array.from({ length: joined.length / 32 }, (_, at) => joined.subarray(at * 32, (at + 1) * 32));
}
