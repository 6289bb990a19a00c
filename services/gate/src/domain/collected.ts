import { DomainError, isDomainError, type ErrorKind } from '@stella/errors';
import type { Source } from '@stella/verdict';

/** Whom the gate asked, and who did not answer to the end. */
export class Unanswered {
  readonly #causes = new Map<Source, string>();

  add(source: Source, cause: string): void {
    if (!this.#causes.has(source)) this.#causes.set(source, cause);
  }

  get sources(): readonly Source[] {
    return [...this.#causes.keys()].sort();
  }

  /** Neither what changed nor what still fails is known: there is nothing to decide. @throws DomainError EVIDENCE_UNAVAILABLE */
  requireSomething(): void {
    const [delta, witness] = [this.#causes.get('delta'), this.#causes.get('witness')];
    if (delta !== undefined && witness !== undefined) throw new DomainError('EVIDENCE_UNAVAILABLE', { delta, witness });
  }
}

/** The part did not do its work; another time it may. */
const ITS_FAULT: ReadonlySet<ErrorKind> = new Set(['unavailable', 'deadline', 'exhausted', 'internal', 'data-loss', 'unauthenticated', 'denied', 'cancelled']);

/** Whether a failure says nothing about the release. Anything but a known reason is such a failure. */
export function isSilence(error: unknown): boolean {
  return !isDomainError(error) || ITS_FAULT.has(error.kind);
}

export function causeOf(error: unknown): string {
  return isDomainError(error) ? error.reason : 'INTERNAL';
}
