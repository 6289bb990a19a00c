import { DomainError, type Reason } from '@stella/errors';

/** The DomainError that `act` throws; anything else fails the test. */
export function refusal(act: () => unknown): DomainError {
  try {
    act();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('expected a refusal, but nothing was thrown');
}

export function reasonOf(act: () => unknown): Reason {
  return refusal(act).reason;
}

export async function asyncReasonOf(act: () => Promise<unknown>): Promise<Reason> {
  try {
    await act();
  } catch (error) {
    if (error instanceof DomainError) return error.reason;
    throw error;
  }
  throw new Error('expected a refusal, but nothing was thrown');
}
