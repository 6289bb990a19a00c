import { within } from './within.js';

const TIMEOUT_MS = 60_000;

/** What `look` finds, once it finds something. @throws with what was not found in time */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>, timeoutMs = TIMEOUT_MS): Promise<T> {
  const found = async (): Promise<T | undefined> => (await look()) || undefined;
  return within(timeoutMs, found).catch((cause: unknown) => Promise.reject(new Error(`not in ${timeoutMs} ms: ${what}`, { cause })));
}
