import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import http, { type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { pipeline } from 'node:stream/promises';
import { JOB_TRANSFER_ATTEMPTS_MAX, JOB_TRANSFER_PAUSE_MS, JOB_TRANSFER_TIMEOUT_MS } from '../limits.js';

const SERVER_ERRORS = 500;

/** The store did not give or take it, however often it was asked; links are secrets and are not repeated here. */
export class TransferFailed extends Error {}

/** GET, handed to `work`; begun anew when it breaks. */
export function download<T>(url: string, certificateAuthority: string | undefined, work: (body: IncomingMessage) => Promise<T>): Promise<T> {
  return again(`GET ${nameOf(url)}`, async () => work(await send('GET', url, certificateAuthority)));
}

/** PUT of a file. */
export function upload(url: string, certificateAuthority: string | undefined, path: string): Promise<void> {
  return again(`PUT ${nameOf(url)}`, async () => {
    (await send('PUT', url, certificateAuthority, path)).resume();
  });
}

async function send(method: string, url: string, certificateAuthority: string | undefined, path?: string): Promise<IncomingMessage> {
  const { request } = url.startsWith('https:') ? https : http;
  const options: RequestOptions & { ca?: string } = {
    method,
    signal: AbortSignal.timeout(JOB_TRANSFER_TIMEOUT_MS),
    ...(certificateAuthority !== undefined && { ca: certificateAuthority }),
    ...(path !== undefined && { headers: { 'content-length': (await stat(path)).size } }),
  };
  const sent = request(url, options);
  const answered = new Promise<IncomingMessage>((resolve, reject) => sent.once('response', resolve).once('error', reject));
  answered.catch(() => undefined);
  if (path === undefined) sent.end();
  else await pipeline(createReadStream(path), sent);
  const response = await answered;
  const status = response.statusCode ?? 0;
  if (status === 200) return response;
  response.resume();
  const refusal = new TransferFailed(`${method} ${nameOf(url)}: ${status}`);
  throw status >= SERVER_ERRORS ? new Error(refusal.message) : refusal;
}

async function again<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof TransferFailed) throw error;
      if (count >= JOB_TRANSFER_ATTEMPTS_MAX) throw new TransferFailed(`${what}: ${(error as Error).message}`, { cause: error });
      await delay(JOB_TRANSFER_PAUSE_MS * 2 ** (count - 1) * (0.5 + Math.random() / 2));
    }
  }
}

function nameOf(url: string): string {
  return new URL(url).host;
}
