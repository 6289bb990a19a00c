import { randomUUID } from 'node:crypto';
import type { Database, Tx } from '@stella/platform-database';
import { currentTraceparent } from '@stella/platform-telemetry';
import { checkDraft } from './cloud-event.js';
import type { Event, EventDraft } from './event-bus.js';
import { RELAY_BATCH, RETENTION_DAYS } from './limits.js';
import { RING } from './session.js';

interface OutboxRow {
  readonly position: bigint;
  readonly settled: boolean;
  readonly id: string;
  readonly topic: string;
  readonly tenant: string;
  readonly key: string;
  readonly occurred_at: Date;
  readonly traceparent: string | null;
  readonly payload: Buffer;
}

/** What the relay may send now. `more`: committed or soon to be committed events remain. */
export interface OutboxBatch {
  readonly positions: readonly bigint[];
  readonly events: readonly Event[];
  readonly more: boolean;
}

export class Outbox {
  constructor(
    private readonly database: Database,
    private readonly source: string,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError EVENT_INVALID, EVENT_TOO_LARGE. */
  async append(tx: Tx, draft: EventDraft): Promise<void> {
    checkDraft(draft);
    await tx.execute('INSERT INTO outbox (id, topic, tenant, key, occurred_at, traceparent, payload) VALUES ($1, $2, $3, $4, $5, $6, $7)', [
      randomUUID(),
      draft.topic,
      draft.tenant,
      draft.key,
      this.clock(),
      draft.traceparent ?? currentTraceparent() ?? null,
      Buffer.from(draft.payload),
    ]);
    await tx.query(RING);
  }

  /**
   * Rows in order, up to the first whose transaction is not older than every open one. A row with a smaller position may
   * otherwise still become visible, and the order of a key would be lost.
   */
  async next(): Promise<OutboxBatch> {
    const rows = await this.database.query<OutboxRow>(
      `SELECT position, transaction < pg_snapshot_xmin(pg_current_snapshot()) AS settled, id, topic, tenant, key, occurred_at, traceparent, payload
       FROM outbox WHERE relayed_at IS NULL ORDER BY position LIMIT $1`,
      [RELAY_BATCH],
    );
    const unsettled = rows.findIndex((row) => !row.settled);
    const ready = unsettled === -1 ? rows : rows.slice(0, unsettled);
    return {
      positions: ready.map((row) => row.position),
      events: ready.map((row) => ({
        id: row.id,
        source: this.source,
        topic: row.topic,
        tenant: row.tenant,
        key: row.key,
        time: row.occurred_at,
        traceparent: row.traceparent ?? undefined,
        payload: row.payload,
      })),
      more: unsettled !== -1 || rows.length === RELAY_BATCH,
    };
  }

  async markRelayed(positions: readonly bigint[]): Promise<void> {
    await this.database.execute('UPDATE outbox SET relayed_at = now() WHERE position = ANY($1::bigint[])', [positions]);
  }

  async countWaiting(): Promise<number> {
    const [row] = await this.database.query<{ count: bigint }>('SELECT count(*) FROM outbox WHERE relayed_at IS NULL');
    return Number(row?.count ?? 0n);
  }

  async forgetOld(): Promise<number> {
    return this.database.execute(`DELETE FROM outbox WHERE relayed_at < now() - make_interval(days => $1)`, [RETENTION_DAYS]);
  }
}
