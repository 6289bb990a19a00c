import { setTimeout as delay } from 'node:timers/promises';

/** What `look` finds, once it finds something; a busy machine takes its time. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>, timeoutMs = 60_000): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await delay(50);
  }
}
