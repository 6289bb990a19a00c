import { DomainError } from '@stella/errors';
import type { Database, Sql, Tx } from '@stella/platform-database';
import type { DeadLetter, ForgottenLetters } from './dead-letter.js';
import { type DeadLetterQuery, type DeadLetterState, type DeadLetterView, PAYLOAD_MEASURES, type WholeDeadLetter } from './dead-letter-view.js';
import type { Event } from './event-bus.js';
import { CHANNEL, type EventSession, lockKey, NOT_FLUSHED, RING } from './session.js';

/** An event as it lies in the inbox. */
export interface Received {
  readonly position: bigint;
  readonly attempts: number;
  /** Attempts that ended with the process. */
  readonly unended: number;
  readonly event: Event;
}

/** What is to be begun under this lock. */
export interface Wanted extends Received {
  readonly lock: string;
}

/** `isStale`: some were done with since they were read. The locks are those of the session's `generation`. */
export interface Begun {
  readonly begun: ReadonlySet<bigint>;
  readonly isStale: boolean;
  readonly generation: number;
}

/** Where events keep their order. */
export interface Key {
  readonly source: string;
  readonly key: string;
}

interface InboxRow {
  readonly position: bigint;
  readonly attempts: number;
  readonly unended: number;
  readonly consumer: string;
  readonly source: string;
  readonly id: string;
  readonly topic: string;
  readonly tenant: string;
  readonly key: string;
  readonly occurred_at: Date;
  readonly traceparent: string | null;
  readonly payload: Buffer;
  readonly last_error: string | null;
  readonly settled_at: Date | null;
}

const COLUMNS = 'position, attempts, unended, consumer, source, id, topic, tenant, key, occurred_at, traceparent, payload, last_error, settled_at';

interface DeadRow extends Omit<InboxRow, 'payload' | 'unended'> {
  readonly state: DeadLetterState;
  readonly first_failed_at: Date | null;
  readonly last_failed_at: Date | null;
  readonly redeliveries: number;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly bytes?: Buffer | null;
}

const DEAD_COLUMNS = `position, state, attempts, consumer, source, id, topic, tenant, key, occurred_at, traceparent, last_error, settled_at, first_failed_at, last_failed_at, redeliveries, ${PAYLOAD_MEASURES}`;
const FAILED = 'first_failed_at = coalesce(first_failed_at, now()), last_failed_at = now()';
/** Ids of dead letters here are positions. */
const POSITION = /^\d{1,18}$/;

/** The durable queue of a service: what arrives waits here, in order of arrival, until its consumer is done with it. */
export class Inbox {
  constructor(private readonly database: Database) {}

  /**
   * Durable when it resolves; what was accepted before is left as it is. Order of the array is the order of handling.
   * Resolves with how many were new.
   */
  async accept(consumer: string, events: readonly Event[], sql: Sql = this.database): Promise<number> {
    const column = <T>(of: (event: Event) => T) => events.map(of);
    const [row] = await sql.query<{ taken: bigint }>(
      `WITH taken AS (
         INSERT INTO inbox (consumer, source, id, topic, tenant, key, occurred_at, traceparent, payload)
         SELECT $1, source, id, topic, tenant, key, occurred_at, traceparent, payload
         FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::bytea[])
           WITH ORDINALITY AS event (source, id, topic, tenant, key, occurred_at, traceparent, payload, n)
         ORDER BY n ON CONFLICT (consumer, source, id) DO NOTHING RETURNING 1
       ) SELECT count(*) AS taken, pg_notify(${CHANNEL}, '') FROM taken`,
      [
        consumer,
        column(({ source }) => source),
        column(({ id }) => id),
        column(({ topic }) => topic),
        column(({ tenant }) => tenant),
        column(({ key }) => key),
        column(({ time }) => time),
        column(({ traceparent }) => traceparent ?? null),
        column(({ payload }) => Buffer.from(payload)),
      ],
    );
    return Number(row?.taken ?? 0n);
  }

  /**
   * The first waiting event of each key, where it is due and of the given topics: at most `limit`, of the keys after
   * `after` in their order, so that a reader who goes round treats all alike. One index probe a key, whatever waits.
   */
  async heads(consumer: string, topics: readonly string[], after: Key, limit: number): Promise<Received[]> {
    const rows = await this.database.query<InboxRow>(
      `WITH RECURSIVE head AS (
         (SELECT source, key, position FROM inbox WHERE consumer = $1 AND state = 'waiting' AND (source, key) > ($2, $3) ORDER BY source, key, position LIMIT 1)
         UNION ALL
         SELECT next.* FROM head CROSS JOIN LATERAL (
           SELECT source, key, position FROM inbox WHERE consumer = $1 AND state = 'waiting' AND (source, key) > (head.source, head.key) ORDER BY source, key, position LIMIT 1
         ) next
       )
       SELECT inbox.* FROM head CROSS JOIN LATERAL (
         SELECT ${COLUMNS} FROM inbox WHERE inbox.position = head.position AND state = 'waiting' AND topic = ANY($4) AND next_attempt_at <= now() OFFSET 0
       ) inbox LIMIT $5`,
      [consumer, after.source, after.key, topics, limit],
    );
    return rows.map((row) => ({ position: row.position, attempts: row.attempts, unended: row.unended, event: toEvent(row) }));
  }

  /**
   * Begins an attempt at those whose key nobody else works on: locks the key, and counts the attempt before it is made, so
   * that an event that kills the process is given up too. What is not in the answer was read too late, or is another
   * process's. An attempt need not outlive a crash of the database, which ends no process of ours.
   */
  async begin(session: EventSession, wanted: readonly Wanted[]): Promise<Begun> {
    const { rows, generation } = await session.lock<{ position: bigint; locked: boolean; begun: boolean }>(
      `WITH wanted AS MATERIALIZED (
         SELECT position, attempts, pg_try_advisory_lock(${lockKey('lock')}) AS locked
         FROM unnest($1::bigint[], $2::int[], $3::text[]) AS wanted (position, attempts, lock)
       ), begun AS (
         UPDATE inbox SET attempts = inbox.attempts + 1, unended = unended + 1
         FROM wanted, (SELECT ${NOT_FLUSHED}) AS not_flushed
         WHERE locked AND inbox.position = wanted.position AND state = 'waiting' AND inbox.attempts = wanted.attempts
         RETURNING inbox.position
       ) SELECT wanted.position, locked, begun.position IS NOT NULL AS begun FROM wanted LEFT JOIN begun USING (position)`,
      [wanted.map(({ position }) => position), wanted.map(({ attempts }) => attempts), wanted.map(({ lock }) => lock)],
    );
    const stale = new Set(rows.filter(({ locked, begun }) => locked && !begun).map(({ position }) => position));
    for (const { position, lock } of wanted) if (stale.has(position)) session.unlock(lock, generation);
    return { begun: new Set(rows.filter(({ begun }) => begun).map(({ position }) => position)), isStale: stale.size > 0, generation };
  }

  /** In the transaction of the effect. False: it was done before. */
  async finish(tx: Tx, position: bigint): Promise<boolean> {
    return (await tx.execute(`UPDATE inbox SET state = 'done', settled_at = now(), payload = '', last_error = NULL WHERE position = $1 AND state = 'waiting'`, [position])) === 1;
  }

  async retryLater(position: bigint, error: string, pauseMs: number): Promise<void> {
    await this.database.execute(`UPDATE inbox SET unended = unended - 1, next_attempt_at = now() + make_interval(secs => $2), last_error = $3, ${FAILED} WHERE position = $1 AND state = 'waiting'`, [
      position,
      pauseMs / 1_000,
      error,
    ]);
  }

  /** As if the attempt had not been made: the consumer was told to stop. */
  async giveBack(position: bigint): Promise<void> {
    await this.database.execute(`UPDATE inbox SET attempts = attempts - 1, unended = unended - 1 WHERE position = $1 AND state = 'waiting'`, [position]);
  }

  /** False: it was settled before. */
  async bury(sql: Sql, position: bigint, error: string): Promise<boolean> {
    return (await sql.execute(`UPDATE inbox SET state = 'dead', settled_at = now(), last_error = $2, ${FAILED} WHERE position = $1 AND state = 'waiting'`, [position, error])) === 1;
  }

  async deadLetters(limit: number): Promise<DeadLetter[]> {
    const rows = await this.database.query<InboxRow>(`SELECT ${COLUMNS} FROM inbox WHERE state = 'dead' ORDER BY position LIMIT $1`, [limit]);
    return rows.map((row) => ({
      id: row.position.toString(),
      consumer: row.consumer,
      event: toEvent(row),
      attempts: row.attempts,
      error: row.last_error ?? '',
      diedAt: row.settled_at ?? new Date(0),
    }));
  }

  /** @throws DomainError PAGE_TOKEN_INVALID: `after` is no id of ours */
  async deadLettersOf({ tenant, topic, after = '0', limit }: DeadLetterQuery): Promise<DeadLetterView[]> {
    if (!POSITION.test(after)) throw new DomainError('PAGE_TOKEN_INVALID');
    const rows = await this.database.query<DeadRow>(
      `SELECT ${DEAD_COLUMNS} FROM inbox WHERE state = 'dead' AND tenant = $1 AND position > $2 AND ($3::text IS NULL OR topic = $3) ORDER BY position LIMIT $4`,
      [tenant, BigInt(after), topic ?? null, limit],
    );
    return rows.map(toView);
  }

  /** One that is a dead letter, or was one and is handed out again. */
  async deadLetter(id: string, tenant: string, bytesMax: number): Promise<WholeDeadLetter | undefined> {
    if (!POSITION.test(id)) return undefined;
    const [row] = await this.database.query<DeadRow>(
      `SELECT ${DEAD_COLUMNS}, CASE WHEN octet_length(payload) <= $3 AND state <> 'done' THEN payload END AS bytes
       FROM inbox WHERE position = $1 AND tenant = $2 AND (state = 'dead' OR redeliveries > 0)`,
      [BigInt(id), tenant, bytesMax],
    );
    return row && { ...toView(row), bytes: row.bytes ?? undefined };
  }

  /** True if there was such a dead letter; it is handled anew, before later events of its key that still wait. */
  async redeliver(id: string): Promise<boolean> {
    if (!POSITION.test(id)) return false;
    const changed = await this.database.execute(`UPDATE inbox SET state = 'waiting', attempts = 0, unended = 0, next_attempt_at = now(), settled_at = NULL, redeliveries = redeliveries + 1 WHERE position = $1 AND state = 'dead'`, [BigInt(id)]);
    if (changed > 0) await this.database.query(RING);
    return changed > 0;
  }

  /** `last`: the position of the latest event, so that a reader sees whether any was added. */
  async waiting(): Promise<{ count: number; last: bigint }> {
    const [row] = await this.database.query<{ count: bigint; last: bigint | null }>(`SELECT count(*), (SELECT max(position) FROM inbox) AS last FROM inbox WHERE state = 'waiting'`);
    return { count: Number(row?.count ?? 0n), last: row?.last ?? 0n };
  }

  /** How many wait for a consumer; counted up to `atMost`. */
  async backlog(consumer: string, atMost: number): Promise<number> {
    const [row] = await this.database.query<{ count: bigint }>(`SELECT count(*) FROM (SELECT 1 FROM inbox WHERE consumer = $1 AND state = 'waiting' LIMIT $2) first`, [consumer, atMost]);
    return Number(row?.count ?? 0n);
  }

  /** Handled events, the oldest first, at most `rowsMax`; how many that were. Whatever is not theirs another process forgets. */
  forgetHandled(olderThanMs: number, rowsMax: number): Promise<number> {
    return this.database.execute(
      `DELETE FROM inbox WHERE position = ANY (ARRAY(
         SELECT position FROM inbox WHERE state = 'done' AND settled_at < now() - make_interval(secs => $1) ORDER BY settled_at LIMIT $2 FOR UPDATE SKIP LOCKED
       ))`,
      [olderThanMs / 1_000, rowsMax],
    );
  }

  /** As `forgetHandled`, with dead letters that nobody took. */
  async forgetDeadLetters(olderThanMs: number, rowsMax: number): Promise<ForgottenLetters[]> {
    const rows = await this.database.query<Omit<ForgottenLetters, 'count'> & { count: bigint }>(
      `WITH gone AS (
         DELETE FROM inbox WHERE position = ANY (ARRAY(
           SELECT position FROM inbox WHERE state = 'dead' AND settled_at < now() - make_interval(secs => $1) ORDER BY position LIMIT $2 FOR UPDATE SKIP LOCKED
         )) RETURNING consumer, topic
       ) SELECT consumer, topic, count(*) AS count FROM gone GROUP BY consumer, topic`,
      [olderThanMs / 1_000, rowsMax],
    );
    return rows.map(({ consumer, topic, count }) => ({ consumer, topic, count: Number(count) }));
  }
}

function toView(row: DeadRow): DeadLetterView {
  return {
    id: row.position.toString(),
    state: row.state,
    consumer: row.consumer,
    event: toHead(row),
    payload: { sizeBytes: row.size_bytes, sha256: row.sha256 },
    attempts: row.attempts,
    error: row.last_error ?? '',
    firstFailedAt: row.first_failed_at ?? undefined,
    lastFailedAt: row.last_failed_at ?? (row.state === 'dead' ? (row.settled_at ?? undefined) : undefined),
    redeliveries: row.redeliveries,
  };
}

function toEvent(row: InboxRow): Event {
  return { ...toHead(row), payload: row.payload };
}

function toHead(row: Omit<InboxRow, 'payload' | 'unended'>): Omit<Event, 'payload'> {
  return {
    id: row.id,
    source: row.source,
    topic: row.topic,
    tenant: row.tenant,
    key: row.key,
    time: row.occurred_at,
    traceparent: row.traceparent ?? undefined,
  };
}
