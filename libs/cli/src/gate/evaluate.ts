import type { EvaluateReleaseRequest, Progress, Verdict } from '@stella/contracts/stella/gate/v1alpha/gate';
import { DomainError } from '@stella/errors';
import type { Session } from '../session.js';

/** Asks for the verdict and shows what happens until it is there. @throws DomainError ANSWER_INCOMPLETE */
export async function evaluate(session: Session, request: EvaluateReleaseRequest): Promise<Verdict> {
  const { gate } = await session.client();
  for await (const { event } of gate.evaluateRelease(request, session.call)) {
    if (event?.$case === 'progress') session.output.progress(progressLine(event.value));
    if (event?.$case === 'verdict') return event.value;
  }
  throw new DomainError('ANSWER_INCOMPLETE', { call: 'EvaluateRelease' });
}

export function progressLine({ stage, message, done, total, cached, elapsedMs }: Progress): string {
  const count = total > 1 ? ` ${done}/${total}` : '';
  return `${(Number(elapsedMs) / 1000).toFixed(1).padStart(6)} s  ${stage}${count}${message === '' ? '' : `: ${message}`}${cached ? ' (cached)' : ''}`;
}
