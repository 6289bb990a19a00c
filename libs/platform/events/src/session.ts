import type { Database } from '@stella/platform-database';
import type { Client } from 'pg';

/** The channel of a schema: both tables of events ring it when a transaction with a new row commits. */
export const RING = `SELECT pg_notify('stella_events_' || current_schema(), '')`;
const LOCK = `hashtextextended(current_schema() || ' ' || $1, 0)`;

/**
 * One connection outside the pool that hears the schema's channel and holds locks. The locks end with the connection,
 * thus with the process however it dies; a lost connection is replaced at the next use.
 */
export class EventSession {
  #session: Promise<Client> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly database: Database,
    private readonly onRing: () => void,
  ) {}

  /** True when nobody else holds the lock; the same session gets it again and must unlock as often. */
  async tryLock(name: string): Promise<boolean> {
    const session = await this.#open();
    return this.#inTurn(async () => {
      const { rows } = await session.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS locked`, [name]);
      return rows[0]?.locked === true;
    });
  }

  async unlock(name: string): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    if (session === undefined) return;
    await this.#inTurn(async () => session.query(`SELECT pg_advisory_unlock(${LOCK})`, [name])).catch(() => undefined);
  }

  /** Changes whenever a connection was lost: whoever held a lock holds it no more. */
  generation = 0;

  async close(): Promise<void> {
    this.#closed = true;
    const session = await this.#session?.catch(() => undefined);
    await session?.end().catch(() => undefined);
  }

  /** The driver takes one statement at a time. */
  #inTurn<T>(statement: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(statement, statement);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  #open(): Promise<Client> {
    if (this.#closed) return Promise.reject(new Error('the session is closed'));
    this.#session ??= this.#connect().catch((error: unknown) => {
      this.#session = undefined;
      throw error;
    });
    return this.#session;
  }

  async #connect(): Promise<Client> {
    const session = await this.database.session();
    session.on('notification', this.onRing);
    session.once('end', () => {
      this.#session = undefined;
      this.generation++;
      if (!this.#closed) this.onRing();
    });
    await session.query(`DO $$ BEGIN EXECUTE format('LISTEN %I', 'stella_events_' || current_schema()); END $$`);
    // What was rung before anybody listened is looked for now.
    this.onRing();
    return session;
  }
}
