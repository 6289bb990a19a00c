import { DomainError } from '@stella/errors';
import { type CapsuleOutcome, type CapsuleProbe, type CapsuleRequest, probeCapsule, runCapsule } from '@stella/native';
import { annotate, span, traceEnvironment } from '@stella/platform-telemetry';
import type { CapsuleScheduler } from '../application/ports.js';
import { PROBE_TIMEOUT_MS } from '../limits.js';

/** Capsules as processes of this machine, so many at once; the others wait in the order in which they came. */
export class LocalCapsules implements CapsuleScheduler {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(readonly parallel: number) {
    if (!Number.isSafeInteger(parallel) || parallel < 1) throw new RangeError(`${parallel} capsules at once`);
    this.#free = parallel;
  }

  async run(request: CapsuleRequest, signal: AbortSignal): Promise<CapsuleOutcome> {
    await this.#turn(signal);
    try {
      return await span('capsule run', attributesOf(request), () => runTraced(request, signal));
    } finally {
      this.#leave();
    }
  }

  probe(): Promise<CapsuleProbe> {
    return probeCapsule({ timeoutMs: PROBE_TIMEOUT_MS });
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new DomainError('CANCELLED', {}, { cause: signal.reason });
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const give = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(give), 1);
        reject(new DomainError('CANCELLED', {}, { cause: signal.reason }));
      };
      this.#waiting.push(give);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free += 1;
  }
}

/** The capsule's process knows whose trace it belongs to; the program inside sees nothing of it, as that would differ each time. */
async function runTraced(request: CapsuleRequest, signal: AbortSignal): Promise<CapsuleOutcome> {
  const outcome = await runCapsule(request, { signal, env: traceEnvironment() });
  annotate({
    ...('code' in outcome.exit ? { 'process.exit.code': outcome.exit.code } : { 'stella.capsule.signal': outcome.exit.signal }),
    ...(outcome.capHit === null ? {} : { 'stella.capsule.cap_hit': outcome.capHit }),
  });
  return outcome;
}

function attributesOf({ determinism, isolation }: CapsuleRequest): Record<string, string> {
  return { 'process.executable.name': 'stella-native', 'stella.capsule.determinism': determinism ?? 'D1', 'stella.capsule.isolation': isolation ?? 'I1' };
}
