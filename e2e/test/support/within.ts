import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 100;

/** Asks again until there is an answer. @throws after `timeoutMs`, with the last failure as the cause */
export async function within<T>(timeoutMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      cause = error;
    }
    await delay(POLL_MS);
  } while (Date.now() < deadline);
  throw new Error(`no answer in ${timeoutMs} ms`, { cause });
}
