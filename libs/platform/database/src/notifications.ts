import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Database, Sql } from './database.js';

const PAUSE_MS = 100;
const PAUSE_MS_MAX = 2_000;

/** Channels are the database's, so that theirs carry the schema's name. */
const CHANNEL = `'stella_' || $1 || '_' || current_schema()`;

/** Says a word, of at most 7,999 bytes, to every process of the service: when the transaction commits, and only then. */
export async function notify(tx: Sql, channel: string, word: string): Promise<void> {
  await tx.query(`SELECT pg_notify(${CHANNEL}, $2)`, [channel, word]);
}

/**
 * Hears what the transactions of a schema say, in whichever process they ran. The connection is its own and is replaced
 * when it is lost; what was said meanwhile is not said again, so that whoever listens looks for itself then.
 */
export class Notifications {
  readonly #stopped = new AbortController();
  #loop: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    /** Lower-case letters and underscores. */
    private readonly channel: string,
    /** With the word; without one after each (re)connection, as words may have been missed. */
    private readonly heard: (word?: string) => void,
  ) {}

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    for (let failures = 0; !signal.aborted; ) {
      const session = await this.#connect();
      if (session) {
        failures = 0;
        this.heard();
        await Promise.race([ended(session), aborted(signal)]);
        await session.end().catch(() => undefined);
      } else {
        failures += 1;
        await delay(Math.min(PAUSE_MS * 2 ** Math.min(failures - 1, 10), PAUSE_MS_MAX) * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Undefined: the database does not answer. */
  async #connect(): Promise<Client | undefined> {
    let session: Client | undefined;
    try {
      session = await this.database.session();
      session.on('notification', ({ payload }) => this.heard(payload ?? ''));
      const { rows } = await session.query<{ name: string }>(`SELECT ${CHANNEL} AS name`, [this.channel]);
      await session.query(`LISTEN ${session.escapeIdentifier(rows[0]?.name ?? '')}`);
      return session;
    } catch {
      await session?.end().catch(() => undefined);
      return undefined;
    }
  }
}

function ended(session: Client): Promise<void> {
  return new Promise((resolve) => session.once('end', resolve));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
