import { randomUUID } from 'node:crypto';
import { DomainError } from '@stella/errors';
import type { Database, Tx } from '@stella/platform-database';
import { currentTraceparent, span } from '@stella/platform-telemetry';
import { checkDraft } from './cloud-event.js';
import type { DeadLetter, DeadLetterCopy, ForgottenLetters } from './dead-letter.js';
import { type DeadLetterQuery, type DeadLetterView, PAYLOAD_MEASURES, type WholeDeadLetter } from './dead-letter-view.js';
import type { Event, EventDraft } from './event-bus.js';
import { RELAY_BATCH, RELAY_BATCH_BYTES } from './limits.js';
import { CHANNEL, NOT_FLUSHED } from './session.js';

/** An event as it leaves; a copy for a dead-letter topic brings headers of its own. */
export interface OutgoingEvent extends Event {
  readonly headers?: Readonly<Record<string, string>>;
}

interface OutboxRow {
  readonly position: bigint;
  readonly settled: boolean;
  readonly id: string;
  readonly topic: string;
  readonly tenant: string;
  readonly key: string;
  readonly occurred_at: Date;
  readonly traceparent: string | null;
  readonly headers: Record<string, string> | null;
  readonly payload: Buffer;
}

interface RefusedRow extends OutboxRow {
  readonly refusal: string;
  readonly relayed_at: Date;
}

interface DeadRow extends Omit<OutboxRow, 'payload' | 'settled' | 'headers'> {
  readonly refusal: string | null;
  readonly relayed_at: Date | null;
  readonly redeliveries: number;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly bytes?: Buffer | null;
}

/** What the relay may send now. `more`: committed or soon to be committed events remain. */
export interface OutboxBatch {
  readonly positions: readonly bigint[];
  readonly events: readonly OutgoingEvent[];
  readonly more: boolean;
}

const COLUMNS = 'position, id, topic, tenant, key, occurred_at, traceparent, headers, payload';
const DEAD_COLUMNS = `position, id, topic, tenant, key, occurred_at, traceparent, refusal, relayed_at, redeliveries, ${PAYLOAD_MEASURES}`;
/** Tells a refused event from a dead letter of a consumer, whose ids are numbers. */
const REFUSED_ID = /^outbox-(\d{1,18})$/;

export class Outbox {
  constructor(
    private readonly database: Database,
    private readonly source: string,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError EVENT_INVALID, EVENT_TOO_LARGE. */
  async append(tx: Tx, draft: EventDraft): Promise<void> {
    checkDraft(draft);
    const id = randomUUID();
    const attributes = { 'messaging.operation.type': 'create', 'messaging.destination.name': draft.topic, 'messaging.message.id': id };
    // What the event's consumers do is caused by its making, not by whoever sends it on.
    await span(`create ${draft.topic}`, attributes, () => this.#insert(tx, id, draft), { kind: 'producer' });
  }

  async #insert(tx: Tx, id: string, draft: EventDraft): Promise<void> {
    await tx.query(
      `WITH added AS (INSERT INTO outbox (id, topic, tenant, key, occurred_at, traceparent, payload) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING 1)
       SELECT pg_notify(${CHANNEL}, '') FROM added`,
      [id, draft.topic, draft.tenant, draft.key, this.clock(), draft.traceparent ?? currentTraceparent() ?? null, Buffer.from(draft.payload)],
    );
  }

  /** A copy whose id is there already is the same one. */
  async appendDeadLetter(tx: Tx, { id, topic, tenant, key, headers, payload }: DeadLetterCopy): Promise<void> {
    await tx.query(
      `WITH added AS (
         INSERT INTO outbox (id, topic, tenant, key, occurred_at, traceparent, headers, payload) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING RETURNING 1
       ) SELECT pg_notify(${CHANNEL}, '') FROM added`,
      [id, topic, tenant, key, this.clock(), headers['ce_traceparent'] ?? null, JSON.stringify(headers), Buffer.from(payload)],
    );
  }

  /**
   * Rows in order but for those of `heldTopics`, up to the first whose transaction is not older than every open one. A row
   * with a smaller position may otherwise still become visible, and the order of a key would be lost.
   */
  async next(heldTopics: readonly string[] = []): Promise<OutboxBatch> {
    const rows = await this.database.query<OutboxRow & { fits: boolean }>(
      `SELECT *, sum(octet_length(payload)) OVER (ORDER BY position) - octet_length(payload) < $3 AS fits FROM (
         SELECT ${COLUMNS}, transaction < pg_snapshot_xmin(pg_current_snapshot()) AS settled
         FROM outbox WHERE relayed_at IS NULL AND topic <> ALL($2) ORDER BY position LIMIT $1
       ) waiting ORDER BY position`,
      [RELAY_BATCH, heldTopics, RELAY_BATCH_BYTES],
    );
    const end = rows.findIndex((row) => !row.settled || !row.fits);
    const ready = end === -1 ? rows : rows.slice(0, end);
    return { positions: ready.map((row) => row.position), events: ready.map((row) => this.#toEvent(row)), more: end !== -1 || rows.length === RELAY_BATCH };
  }

  /** A mark that a crash of the database takes away costs a repetition, which inboxes know. */
  async markRelayed(positions: readonly bigint[]): Promise<void> {
    await this.database.execute(`UPDATE outbox SET relayed_at = now(), refusal = NULL FROM (SELECT ${NOT_FLUSHED}) AS not_flushed WHERE position = ANY($1::bigint[])`, [positions]);
  }

  /** Set aside for good, so that what comes after it is sent; `redeliver` takes it back. */
  async markRefused(position: bigint, refusal: string): Promise<void> {
    await this.database.execute('UPDATE outbox SET relayed_at = now(), refusal = $2 WHERE position = $1', [position, refusal]);
  }

  async refused(limit: number): Promise<DeadLetter[]> {
    const rows = await this.database.query<RefusedRow>(`SELECT ${COLUMNS}, refusal, relayed_at FROM outbox WHERE refusal IS NOT NULL ORDER BY position LIMIT $1`, [limit]);
    return rows.map((row) => ({ id: `outbox-${row.position}`, consumer: 'relay', event: this.#toEvent(row), attempts: 1, error: row.refusal, diedAt: row.relayed_at }));
  }

  /** @throws DomainError PAGE_TOKEN_INVALID: `after` is no id of ours */
  async refusedOf({ tenant, topic, after, limit }: DeadLetterQuery): Promise<DeadLetterView[]> {
    const [, position] = REFUSED_ID.exec(after ?? 'outbox-0') ?? [];
    if (position === undefined) throw new DomainError('PAGE_TOKEN_INVALID');
    const rows = await this.database.query<DeadRow>(
      `SELECT ${DEAD_COLUMNS} FROM outbox WHERE refusal IS NOT NULL AND tenant = $1 AND position > $2 AND ($3::text IS NULL OR topic = $3) ORDER BY position LIMIT $4`,
      [tenant, BigInt(position), topic ?? null, limit],
    );
    return rows.map((row) => this.#toView(row));
  }

  /** One that is refused, or was and is sent again. */
  async refusedOne(id: string, tenant: string, bytesMax: number): Promise<WholeDeadLetter | undefined> {
    const [, position] = REFUSED_ID.exec(id) ?? [];
    if (position === undefined) return undefined;
    const [row] = await this.database.query<DeadRow>(
      `SELECT ${DEAD_COLUMNS}, CASE WHEN octet_length(payload) <= $3 THEN payload END AS bytes
       FROM outbox WHERE position = $1 AND tenant = $2 AND (refusal IS NOT NULL OR redeliveries > 0)`,
      [BigInt(position), tenant, bytesMax],
    );
    return row && { ...this.#toView(row), bytes: row.bytes ?? undefined };
  }

  /** True if there was such a refused event; it is sent anew. */
  async redeliver(id: string): Promise<boolean> {
    const [, position] = REFUSED_ID.exec(id) ?? [];
    if (position === undefined) return false;
    const rows = await this.database.query(
      `WITH again AS (UPDATE outbox SET relayed_at = NULL, refusal = NULL, redeliveries = redeliveries + 1 WHERE position = $1 AND refusal IS NOT NULL RETURNING 1) SELECT pg_notify(${CHANNEL}, '') FROM again`,
      [BigInt(position)],
    );
    return rows.length > 0;
  }

  /** `last`: the position of the latest event, so that a reader sees whether any was added. */
  async waiting(): Promise<{ count: number; oldestSeconds: number; last: bigint }> {
    const [row] = await this.database.query<{ count: bigint; oldest: number | null; last: bigint | null }>(
      `SELECT count(*), extract(epoch FROM now() - min(occurred_at))::float8 AS oldest, (SELECT max(position) FROM outbox) AS last FROM outbox WHERE relayed_at IS NULL`,
    );
    return { count: Number(row?.count ?? 0n), oldestSeconds: Math.max(0, row?.oldest ?? 0), last: row?.last ?? 0n };
  }

  /** Sent events, the oldest first, at most `rowsMax`; how many that were. Whatever is not theirs another process forgets. */
  forgetSent(olderThanMs: number, rowsMax: number): Promise<number> {
    return this.database.execute(
      `DELETE FROM outbox WHERE position = ANY (ARRAY(
         SELECT position FROM outbox WHERE refusal IS NULL AND relayed_at < now() - make_interval(secs => $1) ORDER BY relayed_at LIMIT $2 FOR UPDATE SKIP LOCKED
       ))`,
      [olderThanMs / 1_000, rowsMax],
    );
  }

  /** As `forgetSent`, with refused events that nobody redelivered. */
  async forgetRefused(olderThanMs: number, rowsMax: number): Promise<ForgottenLetters[]> {
    const rows = await this.database.query<{ topic: string; count: bigint }>(
      `WITH gone AS (
         DELETE FROM outbox WHERE position = ANY (ARRAY(
           SELECT position FROM outbox WHERE refusal IS NOT NULL AND relayed_at < now() - make_interval(secs => $1) ORDER BY position LIMIT $2 FOR UPDATE SKIP LOCKED
         )) RETURNING topic
       ) SELECT topic, count(*) AS count FROM gone GROUP BY topic`,
      [olderThanMs / 1_000, rowsMax],
    );
    return rows.map(({ topic, count }) => ({ consumer: 'relay', topic, count: Number(count) }));
  }

  /** Refused at its first attempt: the carrier said never. */
  #toView(row: DeadRow): DeadLetterView {
    const refusedAt = row.refusal === null ? undefined : (row.relayed_at ?? undefined);
    return {
      id: `outbox-${row.position}`,
      state: row.refusal !== null ? 'dead' : row.relayed_at === null ? 'waiting' : 'done',
      consumer: 'relay',
      event: { id: row.id, source: this.source, topic: row.topic, tenant: row.tenant, key: row.key, time: row.occurred_at, traceparent: row.traceparent ?? undefined },
      payload: { sizeBytes: row.size_bytes, sha256: row.sha256 },
      attempts: row.refusal === null ? 0 : 1,
      error: row.refusal ?? '',
      firstFailedAt: refusedAt,
      lastFailedAt: refusedAt,
      redeliveries: row.redeliveries,
    };
  }

  #toEvent(row: OutboxRow): OutgoingEvent {
    return {
      id: row.id,
      source: this.source,
      topic: row.topic,
      tenant: row.tenant,
      key: row.key,
      time: row.occurred_at,
      traceparent: row.traceparent ?? undefined,
      payload: row.payload,
      ...(row.headers === null ? {} : { headers: row.headers }),
    };
  }
}
