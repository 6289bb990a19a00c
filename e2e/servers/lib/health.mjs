import { setTimeout as delay } from 'node:timers/promises';
import { HEALTH_POLL_MS, HEALTH_TIMEOUT_MS } from '../limits.mjs';
import { isRunning } from './process-identity.mjs';

/**
 * Asks until the server answers well; returns undefined then, else why not.
 * @param {import('./server.mjs').Server} server
 * @param {import('./record.mjs').ServerRecord} record
 * @param {number} timeoutMs @returns {Promise<string | undefined>}
 */
export async function problemAfter(server, record, timeoutMs) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (!isRunning(record.process)) return 'it ended';
    const problem = await problemNow(server, record.address);
    // Whoever answered may be somebody else who took the port.
    if (problem === undefined && isRunning(record.process)) return undefined;
    if (Date.now() > deadline) return `not healthy after ${timeoutMs} ms: ${problem}`;
    await delay(HEALTH_POLL_MS);
  }
}

/** @returns {Promise<string | undefined>} */
export async function problemNow(server, address) {
  let timer;
  const tooLate = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${HEALTH_TIMEOUT_MS} ms`)), HEALTH_TIMEOUT_MS);
  });
  try {
    await Promise.race([server.check(address), tooLate]);
    return undefined;
  } catch (error) {
    // `fetch failed` says nothing: its cause does.
    return error.cause?.message || error.message || error.code || String(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks over HTTP. @param {string} url @returns {Promise<Response>} of status 200 */
export async function answerOf(url, init = {}) {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}
