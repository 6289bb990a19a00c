import type { Database } from '@stella/platform-database';
import type { Client } from 'pg';
import { SESSION_PING_MS, SESSION_STATEMENT_TIMEOUT_MS } from './limits.js';

/** The channel of a schema: both tables of events ring it when a transaction with a new row commits. */
export const CHANNEL = `'stella_events_' || current_schema()`;
export const RING = `SELECT pg_notify(${CHANNEL}, '')`;
/** In a statement of its own: its commit does not wait for the disk. */
export const NOT_FLUSHED = `set_config('synchronous_commit', 'off', true)`;
/** The key of an advisory lock by the name that an SQL expression gives. */
export const lockKey = (name: string): string => `hashtextextended(current_schema() || ' ' || ${name}, 0)`;

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
  readonly #toUnlock: { readonly name: string; readonly generation: number }[] = [];
  #ping: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly onRing: () => void,
    private readonly timeouts = { pingMs: SESSION_PING_MS, statementMs: SESSION_STATEMENT_TIMEOUT_MS },
  ) {}

  /** True when nobody else holds the lock; the same session gets it again and must unlock as often. */
  async tryLock(name: string): Promise<boolean> {
    const { rows } = await this.lock<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${lockKey('$1')}) AS locked`, [name]);
    return rows[0]?.locked === true;
  }

  /** For a statement that takes locks; they are held as long as the session's generation is that of the answer. */
  async lock<R extends object>(text: string, values: readonly unknown[]): Promise<{ readonly rows: R[]; readonly generation: number }> {
    const session = await this.#open();
    const { generation } = this;
    const { rows } = await this.#inTurn(session, (client) => client.query<R>(text, [...values]));
    return { rows, generation };
  }

  /**
   * Soon: whoever locks the same name here meanwhile has it twice, and the other processes have time. Nothing happens where
   * the connection that locked it, at that `generation`, is gone: another may have locked it since.
   */
  unlock(name: string, generation: number): void {
    if (this.#toUnlock.push({ name, generation }) === 1) void this.#unlockAll();
  }

  /** What has come together until it is the statement's turn. */
  async #unlockAll(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    if (session === undefined) this.#toUnlock.length = 0;
    else await this.#inTurn(session, (client) => this.#unlockOn(client)).catch(() => undefined);
  }

  #unlockOn(client: Client): Promise<unknown> {
    const names = this.#toUnlock.splice(0).filter(({ generation }) => generation === this.generation);
    return client.query(`SELECT pg_advisory_unlock(${lockKey('name')}) FROM unnest($1::text[]) AS name`, [names.map(({ name }) => name)]);
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
