import { limits } from '../limits.js';
import type { Changes } from './ports.js';

/**
 * Reads again and again until something has ended, so long and no longer. A change is seen at once; a look now and then
 * finds what was not heard.
 */
export async function awaitEnd<T>(
  changes: Changes,
  what: string,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
  read: () => Promise<{ readonly value: T; readonly isEnded: boolean }>,
): Promise<T> {
  const deadlineMs = performance.now() + Math.min(waitMs, limits.waitMsMax);
  for (;;) {
    // Listening begins before reading: a change in between is not missed.
    const stop = new AbortController();
    const leftMs = deadlineMs - performance.now();
    const changed = leftMs > 0 ? changes.next(what, Math.min(leftMs, limits.waitPollMs), AbortSignal.any([signal, stop.signal])) : undefined;
    const { value, isEnded } = await read();
    if (isEnded || !changed || signal.aborted) {
      stop.abort();
      return value;
    }
    await changed;
  }
}
