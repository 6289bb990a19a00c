import { OperationState } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { DomainError } from '@stella/errors';
import { limits } from './limits.js';
import type { Session } from './session.js';

interface Work {
  readonly name: string;
  readonly state: OperationState;
  readonly failureReason: string;
  readonly failureDetail: string;
}

/**
 * Waits for work of the replay service. `look` asks once, and the service holds its answer back for a while.
 * @throws DomainError WORK_FAILED with the service's reason, WORK_NOT_DONE, ANSWER_INCOMPLETE
 */
export async function awaitWork<W extends Work>(session: Session, what: string, first: W | undefined, look: (name: string, waitMs: number) => Promise<W | undefined>): Promise<W> {
  const startMs = session.io.now().getTime();
  for (let work = first; work; work = await look(work.name, limits.waitMs)) {
    if (work.state === OperationState.OPERATION_STATE_DONE) return work;
    if (work.state === OperationState.OPERATION_STATE_FAILED) {
      throw new DomainError('WORK_FAILED', { work: work.name, reason: work.failureReason, detail: work.failureDetail });
    }
    const elapsedMs = session.io.now().getTime() - startMs;
    if (elapsedMs > limits.workMsMax) throw new DomainError('WORK_NOT_DONE', { work: work.name, elapsedMs: String(elapsedMs) });
    session.output.progress(`${what}, ${Math.round(elapsedMs / 1000)} s`);
  }
  throw new DomainError('ANSWER_INCOMPLETE', { what });
}
