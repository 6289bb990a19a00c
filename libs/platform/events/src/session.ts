import type { Database } from '@stella/platform-database';
import type { Client } from 'pg';
import { SESSION_PING_MS, SESSION_STATEMENT_TIMEOUT_MS } from './limits.js';

/** The channel of a schema: both tables of events ring it when a transaction with a new row commits. */
export const CHANNEL = `'stella_events_' || current_schema()`;
export const RING = `SELECT pg_notify(${CHANNEL}, '')`;
const LOCK = `hashtextextended(current_schema() || ' ' || $1, 0)`;

/**
 * One connection outside the pool that hears the schema's channel and holds locks. The locks end with the connection,
 * thus with the process however it dies; a lost connection is replaced at the next use. One that gives no answer in time is
 * given up: a network that was cut says nothing, and whoever waited on it would wait for ever.
 */
export class EventSession {
  /** Changes whenever a connection was lost: whoever held a lock holds it no more. */
  generation = 0;
  #session: Promise<Client> | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;
  #ping: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly onRing: () => void,
    private readonly timeouts = { pingMs: SESSION_PING_MS, statementMs: SESSION_STATEMENT_TIMEOUT_MS },
  ) {}

  /** True when nobody else holds the lock; the same session gets it again and must unlock as often. */
  async tryLock(name: string): Promise<boolean> {
    const session = await this.#open();
    const { rows } = await this.#inTurn(session, (client) => client.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS locked`, [name]));
    return rows[0]?.locked === true;
  }

  async unlock(name: string): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    if (session === undefined) return;
    await this.#inTurn(session, (client) => client.query(`SELECT pg_advisory_unlock(${LOCK})`, [name])).catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#ping);
    const session = await this.#session?.catch(() => undefined);
    await session?.end().catch(() => undefined);
  }

  /** The driver takes one statement at a time. */
  #inTurn<T>(session: Client, statement: (session: Client) => Promise<T>): Promise<T> {
    const run = () => this.#within(session, statement(session));
    const turn = this.#queue.then(run, run);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #within<T>(session: Client, answer: Promise<T>): Promise<T> {
    // To end a connection that owes an answer is to cut it.
    const timer = setTimeout(() => void session.end().catch(() => undefined), this.timeouts.statementMs);
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
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
      clearInterval(this.#ping);
      this.#session = undefined;
      this.generation++;
      if (!this.#closed) this.onRing();
    });
    await this.#within(session, session.query(`DO $$ BEGIN EXECUTE format('LISTEN %I', 'stella_events_' || current_schema()); END $$`));
    this.#ping = setInterval(() => void this.#inTurn(session, (client) => client.query('SELECT 1')).catch(() => undefined), this.timeouts.pingMs);
    this.#ping.unref();
    // What was rung before anybody listened is looked for now.
    this.onRing();
    return session;
  }
}
