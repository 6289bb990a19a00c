import { ReplayCompleted } from '@stella/contracts/stella/replay_worker/v1alpha/events';
import type { EventHandler } from '@stella/platform-events';
import type { ReplayFacts } from '../application/ports.js';
import type { AnswerReplay, Settlement } from '../application/answer-replay.js';

/** `replay-completed`: runs are judged and evidence is signed outside of the transaction that makes them known. */
export function replayCompleted(answer: AnswerReplay, facts: ReplayFacts): EventHandler<Settlement> {
  return {
    prepare: ({ tenant, payload }) => {
      const { replayId, outcomesSha256, failureReason, failureDetail, host } = ReplayCompleted.decode(payload);
      const failure = failureReason === '' ? undefined : { reason: failureReason, detail: failureDetail };
      return answer.prepare(tenant, replayId, { outcomesSha256, failure, host });
    },
    commit: async ({ key }, tx, settle) => {
      if (settle) await settle(tx);
      else tx.afterCommit(() => facts.answeredLate(key));
    },
  };
}
