import { EventEmitter } from 'node:events';
import { type Database, Notifications, notify, type Tx } from '@stella/platform-database';
import type { Changes } from '../application/ports.js';

const CHANNEL = 'changes';

/** Changes that any process of the service committed, heard from PostgreSQL. */
export class NotifiedChanges implements Changes {
  readonly #waiting = new EventEmitter().setMaxListeners(0);
  readonly #notifications: Notifications;

  constructor(database: Database) {
    this.#notifications = new Notifications(database, CHANNEL, (what) => {
      // What was missed while nobody listened may be what anybody waits for.
      for (const name of what === undefined ? this.#waiting.eventNames() : [what]) this.#waiting.emit(name);
    });
  }

  start(): void {
    this.#notifications.start();
  }

  stop(): Promise<void> {
    return this.#notifications.stop();
  }

  announce(tx: Tx, what: string): Promise<void> {
    return notify(tx, CHANNEL, what);
  }

  next(what: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.off(what, end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, timeoutMs);
      this.#waiting.once(what, end);
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
    });
  }
}
