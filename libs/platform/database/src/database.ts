import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import { Client, Pool, types, type ClientConfig, type PoolClient } from 'pg';
import { isConnectionLoss, isContention, isIdleTimeout, isPoolTimeout, translate } from './errors.js';
import { observed } from './statement-observer.js';

const STATEMENT_TIMEOUT_MS = 30_000;
const LOCK_TIMEOUT_MS = 15_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 6;
const ATTEMPTS_MAX = 5;
const BACKOFF_MS = 10;
const INT8_OID = 20;
/** PostgreSQL's bigint as BigInt, as the contracts have it: a number would lose digits, a string sorts wrongly. */
const PARSERS = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => (oid === INT8_OID && format !== 'binary' ? (text: string) => BigInt(text) : types.getTypeParser(oid, format as 'text'))) as typeof types.getTypeParser,
};

export type Row = Record<string, unknown>;

/** What a repository needs: both a database and a transaction give it. Values pass as `$1, $2, …`, never inside the text. */
export interface Sql {
  /** The rows. bigint arrives as BigInt, timestamptz as Date, bytea as Buffer, numeric as string. */
  query<R extends object = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** How many rows were changed. */
  execute(text: string, values?: readonly unknown[]): Promise<number>;
}

export interface Tx extends Sql {
  /** Runs once the transaction has been committed; never when it is rolled back. */
  afterCommit(action: () => void): void;
}

export interface DatabaseOptions {
  readonly connection: ClientConfig;
  /** Shows in `pg_stat_activity`. */
  readonly name: string;
  readonly connectionsMax?: number;
  /** For a connection, be it a new one or one of the pool that others use. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Default 30 s. */
  readonly statementTimeoutMs?: number;
  /** How long a statement waits for a row, a table or an advisory lock that another transaction holds. Default 15 s. */
  readonly lockTimeoutMs?: number;
  /** Between two statements of a transaction; what it did is undone after that. Default 60 s. */
  readonly idleInTransactionTimeoutMs?: number;
}

/** How full the pool is. */
export interface PoolUse {
  readonly connections: number;
  readonly idle: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
  readonly connectionsMax: number;
}

export interface TxOptions {
  /** PostgreSQL's default is `read committed`. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readonly readOnly?: boolean;
}

/** A pool of connections as one role; `provisionService` makes the role see one schema only. */
export class Database implements Sql {
  readonly #pool: Pool;
  readonly #config: ClientConfig;

  constructor(private readonly options: DatabaseOptions) {
    this.#config = {
      ...options.connection,
      application_name: options.name,
      statement_timeout: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
      lock_timeout: options.lockTimeoutMs ?? LOCK_TIMEOUT_MS,
      idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? IDLE_IN_TRANSACTION_TIMEOUT_MS,
      connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      types: PARSERS,
    };
    this.#pool = new Pool({ ...this.#config, max: options.connectionsMax ?? CONNECTIONS_MAX, idleTimeoutMillis: 10_000, allowExitOnIdle: true });
    // A lost idle connection is replaced by the next call; without a listener it would end the process.
    this.#pool.on('error', () => undefined);
    // Nor may a connection that is lost while nobody listens to it: the pool does so only while it is idle.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  get use(): PoolUse {
    const { totalCount: connections, idleCount: idle, waitingCount: waiting, options } = this.#pool;
    return { connections, idle, waiting, connectionsMax: options.max };
  }

  async query<R extends object = Row>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    try {
      return (await this.#pool.query<R>(observed(this.options.name, text), [...values])).rows;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  async execute(text: string, values: readonly unknown[] = []): Promise<number> {
    try {
      return (await this.#pool.query(observed(this.options.name, text), [...values])).rowCount ?? 0;
    } catch (error) {
      throw this.#translate(error);
    }
  }

  /**
   * Commits what `work` did, or nothing of it. `work` runs again after a serialization failure or a deadlock, so that it
   * must touch nothing but the transaction; give effects outside to `afterCommit`.
   * @throws DomainError DATABASE_CONTENDED, DATABASE_UNAVAILABLE, DATABASE_BUSY, STATEMENT_TIMEOUT, LOCK_TIMEOUT,
   *   TRANSACTION_IDLE, or what `work` threw.
   */
  async tx<T>(work: (tx: Tx) => Promise<T>, options: TxOptions = {}): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#txOnce(work, options);
      } catch (error) {
        if (!isContention(error)) throw this.#translate(error);
        if (attempt === ATTEMPTS_MAX) throw new DomainError('DATABASE_CONTENDED', { attempts: String(attempt) }, { cause: error });
        await delay(BACKOFF_MS * 2 ** attempt * (0.5 + Math.random()));
      }
    }
  }

  /** As `translate`, and knows whether it was the pool that had no connection. */
  #translate(error: unknown): unknown {
    const { waiting, connectionsMax, connections } = this.use;
    if (!isPoolTimeout(error) || connections < connectionsMax) return translate(error);
    return new DomainError('DATABASE_BUSY', { connectionsMax: String(connectionsMax), waiting: String(waiting) }, { cause: error });
  }

  /** A connection of its own outside the pool, for LISTEN and session locks; the caller ends it. */
  async session(): Promise<Client> {
    const client = new Client(this.#config);
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      throw translate(error);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** An idle connection may have been lost unnoticed: as nothing was done yet, the next one is tried. */
  async #begin(options: TxOptions): Promise<PoolClient> {
    for (let left = this.#pool.options.max; ; left--) {
      const client = await this.#pool.connect();
      try {
        await client.query(`BEGIN ISOLATION LEVEL ${options.isolation ?? 'read committed'}${options.readOnly === true ? ' READ ONLY' : ''}`);
        return client;
      } catch (error) {
        client.release(true);
        if (left <= 0 || !isConnectionLoss(error)) throw error;
      }
    }
  }

  async #txOnce<T>(work: (tx: Tx) => Promise<T>, options: TxOptions): Promise<T> {
    const client = await this.#begin(options);
    // The statement under way reports the loss, but not always why: an idle time-out is told by the event alone.
    let lost: Error | undefined;
    const noteLoss = (error: Error) => (lost ??= error);
    client.on('error', noteLoss);
    const afterCommit: (() => void)[] = [];
    let broken: Error | undefined;
    try {
      const result = await work(transaction(this.options.name, client, afterCommit));
      await client.query('COMMIT');
      for (const action of afterCommit) action();
      return result;
    } catch (error) {
      if (isConnectionLoss(error)) broken = error as Error;
      else await client.query('ROLLBACK').catch((failure: Error) => (broken = failure));
      throw isIdleTimeout(lost) ? lost : error;
    } finally {
      client.off('error', noteLoss);
      client.release(broken);
    }
  }
}

function transaction(name: string, client: PoolClient, afterCommit: (() => void)[]): Tx {
  return {
    query: async <R extends object = Row>(text: string, values: readonly unknown[] = []) => (await client.query<R>(observed(name, text), [...values])).rows,
    execute: async (text, values = []) => (await client.query(observed(name, text), [...values])).rowCount ?? 0,
    afterCommit: (action) => void afterCommit.push(action),
  };
}
