import type { Source } from '@stella/verdict';
import { causeOf, isSilence, type Unanswered } from '../domain/collected.js';
import type { Report } from '../domain/progress.js';
import type { ReleaseQuestion } from '../domain/release.js';
import { stepId } from '../domain/step-id.js';
import type { Call, GateFacts } from './ports.js';

/** One evaluation, as its steps see it. */
export interface Asking {
  readonly question: ReleaseQuestion;
  readonly evaluationId: string;
  /** Its place in the order in which evaluations begin. */
  readonly began: bigint;
  /** How often it has begun; each time it asks anew. */
  readonly round: number;
  readonly report: Report;
  readonly unanswered: Unanswered;
  readonly signal: AbortSignal;
}

export function callOf({ question, evaluationId, round, signal }: Asking, step: string): Call {
  return { tenant: question.tenant, requestId: stepId(evaluationId, round === 1 ? step : `${round} ${step}`), signal };
}

/** Who gives up hears that at once, whatever the part that was asked made of it. */
export function throwIfGivenUp(error: unknown, signal: AbortSignal): void {
  if (signal.aborted) throw signal.reason ?? error;
}

/** What a part says, or undefined when it is silent, which then stays on record. @throws what is an answer to the caller */
export async function unlessSilent<T>(source: Source, { unanswered, signal }: Asking, facts: GateFacts, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    throwIfGivenUp(error, signal);
    if (!isSilence(error)) throw error;
    unanswered.add(source, causeOf(error));
    facts.unanswered(source, error);
    return undefined;
  }
}
