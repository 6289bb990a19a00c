import { DomainError, type Reason } from '@stella/errors';

/** What `work` resolves with. @throws DomainError with the reason once the time is up; what `work` does then is nobody's. */
export async function inTime<T>(work: Promise<T>, timeoutMs: number, reason: Reason = 'EVENT_BROKER_UNAVAILABLE'): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DomainError(reason, { timeoutMs: String(timeoutMs) })), timeoutMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    void work.catch(() => undefined);
  }
}
