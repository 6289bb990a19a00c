import { EventEmitter } from 'node:events';
import type { Changes } from '../application/ports.js';

/** Changes of this process. */
export class LocalChanges implements Changes {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  announce(what: string): void {
    this.#emitter.emit(what);
  }

  next(what: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#emitter.off(what, end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, timeoutMs);
      this.#emitter.once(what, end);
      signal.addEventListener('abort', end, { once: true });
      if (signal.aborted) end();
    });
  }
}
