import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import type { Database, Tx } from '@stella/platform-database';
import type { Locks } from '../application/ports.js';
import { limits } from '../limits.js';

const KEY = `hashtextextended(current_schema() || ' ' || $1, 0)`;

/** PostgreSQL's advisory locks on a connection of their own: they end with the process, however it dies. */
export class AdvisoryLocks implements Locks {
  constructor(private readonly database: Database) {}

  async hold<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const session = await this.database.session();
    try {
      for (;;) {
        const { rows } = await session.query<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${KEY}) AS locked`, [name]);
        if (rows[0]?.locked === true) break;
        await delay(limits.lockPollMs, undefined, { signal }).catch((cause: unknown) => {
          throw new DomainError('CANCELLED', { waitingFor: name }, { cause });
        });
      }
      return await work();
    } finally {
      await session.end().catch(() => undefined);
    }
  }
}

/** Until the transaction ends. */
export async function lockInTransaction(tx: Tx, name: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(${KEY})`, [name]);
}
