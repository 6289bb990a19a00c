import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import type { Client } from 'pg';
import type { Database, Tx } from './database.js';
import { translate } from './errors.js';

// The name belongs to the service: two services may lock the same words.
const KEY = `hashtextextended(current_schema() || ' ' || $1, 0)`;
/** Between two looks at a lock that another process holds. */
const POLL_MS = 100;

/** Locks over all processes of an installation, each on a connection of its own: they end with the process, however it dies. */
export class AdvisoryLocks {
  constructor(private readonly database: Database) {}

  /** @throws DomainError CANCELLED when the signal aborts before the lock is free; DATABASE_UNAVAILABLE; what `work` throws */
  hold<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#withSession(async (session) => {
      while (!(await isTaken(session, name))) {
        await delay(POLL_MS, undefined, { signal }).catch((cause: unknown) => {
          throw new DomainError('CANCELLED', { waitingFor: name }, { cause });
        });
      }
      return work();
    });
  }

  /** Undefined: somebody else holds it, and nothing was done. @throws DomainError DATABASE_UNAVAILABLE; what `work` throws */
  tryHold<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    return this.#withSession(async (session) => ((await isTaken(session, name)) ? work() : undefined));
  }

  async #withSession<T>(work: (session: Client) => Promise<T>): Promise<T> {
    const session = await this.database.session();
    try {
      return await work(session);
    } finally {
      await session.end().catch(() => undefined);
    }
  }
}

/** Until the transaction ends. */
export async function lockInTransaction(tx: Tx, name: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(${KEY})`, [name]);
}

async function isTaken(session: Client, name: string): Promise<boolean> {
  try {
    const { rows } = await session.query<{ taken: boolean }>(`SELECT pg_try_advisory_lock(${KEY}) AS taken`, [name]);
    return rows[0]?.taken === true;
  } catch (error) {
    throw translate(error);
  }
}
