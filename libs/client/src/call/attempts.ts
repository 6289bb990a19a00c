import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { CallSettings } from '../api.js';
import type { TokenSource } from '../credentials/token-source.js';
import { limits } from '../limits.js';
import { type StellaError, localError } from '../stella-error.js';

/**
 * Whether and when a call is made again. Every call of the contracts is safe to repeat (a create has its request id), so
 * UNAVAILABLE is always worth another attempt: exponential back-off with full jitter, or what the server asks for.
 */
export class Attempts {
  #made = 1;
  #renewed = false;

  constructor(
    private readonly deadline: Date,
    private readonly settings: CallSettings,
    private readonly tokens: TokenSource | undefined,
  ) {}

  throwIfOver(): void {
    if (this.settings.signal?.aborted) throw localError('CANCELLED', {}, this.settings.signal.reason);
    if (this.deadline.getTime() <= Date.now()) throw localError('DEADLINE_EXCEEDED');
  }

  /** Waits where another attempt may help, and says so; throws `error` where none will. */
  async nextAfter(error: StellaError): Promise<void> {
    if (this.#made >= (this.settings.attemptsMax ?? limits.attemptsMax)) throw error;
    const delayMs = this.#delayMs(error);
    if (delayMs === undefined || Date.now() + delayMs >= this.deadline.getTime()) throw error;
    this.#made += 1;
    try {
      await sleep(delayMs, undefined, this.settings.signal ? { signal: this.settings.signal } : {});
    } catch (cause) {
      throw localError('CANCELLED', { after: error.reason }, cause);
    }
  }

  #delayMs(error: StellaError): number | undefined {
    if (error.code === status.UNAVAILABLE) {
      const ceiling = Math.min(limits.retryDelayMsMax, limits.retryDelayMsMin * 2 ** (this.#made - 1));
      return error.retryDelayMs ?? Math.random() * ceiling;
    }
    // The keys of the issuer may have been rotated under a token that looked fresh.
    if (error.code === status.UNAUTHENTICATED && this.tokens?.renew && !this.#renewed) {
      this.#renewed = true;
      this.tokens.renew();
      return 0;
    }
    return undefined;
  }
}
