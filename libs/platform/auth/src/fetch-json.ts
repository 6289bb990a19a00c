import { setTimeout as delay } from 'node:timers/promises';
import { DomainError } from '@stella/errors';
import { ISSUER_ANSWER_BYTES_MAX, ISSUER_ATTEMPTS_MAX, ISSUER_RETRY_PAUSE_MS, ISSUER_TIMEOUT_MS } from './limits.js';

export interface JsonAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/**
 * One request to an issuer, with an end to its time and its size. An answer of 5xx or 429 is no answer.
 * @throws DomainError `UNAVAILABLE` with the fact `problem`
 */
export async function fetchJson(url: string, init: RequestInit = {}): Promise<JsonAnswer> {
  const unavailable = (problem: string, cause?: unknown) => new DomainError('UNAVAILABLE', { part: 'identity provider', endpoint: url, problem }, { cause });
  try {
    const response = await fetch(url, { redirect: 'error', ...init, signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS) });
    const text = await textWithin(response, ISSUER_ANSWER_BYTES_MAX);
    if (response.status >= 500 || response.status === 429) throw unavailable(`status ${response.status}`);
    if (text === undefined) throw unavailable(`the answer is longer than ${ISSUER_ANSWER_BYTES_MAX} bytes`);
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null) throw unavailable('the answer is no object');
    return { status: response.status, body: body as Record<string, unknown> };
  } catch (error) {
    if (error instanceof DomainError) throw error;
    const { code } = ((error as Error).cause ?? {}) as { code?: string };
    throw unavailable(code ?? (error as Error).name, error);
  }
}

/** A document that is there for everybody; asked for again with jitter. @throws DomainError `UNAVAILABLE` */
export async function fetchDocument(url: string): Promise<Record<string, unknown>> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { status, body } = await fetchJson(url);
      if (status === 200) return body;
      throw new DomainError('UNAVAILABLE', { part: 'identity provider', endpoint: url, problem: `status ${status}` });
    } catch (error) {
      if (attempt >= ISSUER_ATTEMPTS_MAX) throw error;
      await delay(ISSUER_RETRY_PAUSE_MS * 2 ** attempt * (0.5 + Math.random() / 2));
    }
  }
}

async function textWithin(response: Response, bytesMax: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
