import { hash } from 'node:crypto';
import { canonicalize } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { RequestRepository } from './ports.js';

export interface CreateRequest {
  readonly tenant: string;
  /** A UUID. */
  readonly requestId: string;
  /** What is asked for, as plain data. */
  readonly content: object;
}

/**
 * The answer that a request id got the first time, or the one of `work`. It is noted after the work and apart from its
 * transaction: what is made here is known by its content, so that doing it twice gives the same thing.
 * @throws DomainError REQUEST_ID_REUSED, or what `work` throws
 */
export async function answerOnce(requests: RequestRepository, { tenant, requestId, content }: CreateRequest, work: () => Promise<string>): Promise<string> {
  const requestSha256 = hash('sha256', canonicalize(content));
  const before = await requests.find(tenant, requestId);
  if (before) return answerTo(before, requestId, requestSha256);
  const answer = await work();
  if (await requests.add(tenant, requestId, requestSha256, answer)) return answer;
  const other = await requests.find(tenant, requestId);
  if (!other) throw new DomainError('INTERNAL', { requestId });
  return answerTo(other, requestId, requestSha256);
}

function answerTo(request: { readonly requestSha256: string; readonly answer: string }, requestId: string, requestSha256: string): string {
  if (request.requestSha256 !== requestSha256) throw new DomainError('REQUEST_ID_REUSED', { requestId });
  return request.answer;
}
