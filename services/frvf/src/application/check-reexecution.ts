import type { Tx } from '@stella/platform-database';
import type { Failure } from '../domain/failure.js';
import type { Replay, ReplayAnswer } from '../domain/replay.js';
import type { ReplayCompletion } from './answer-replay.js';
import type { Evaluated, EvaluateReplay } from './evaluate-replay.js';
import type { ReplayFacts, VerificationRepository } from './ports.js';

/** Holds a result that was served from the cache against a replay of now; one that is contradicted is evicted. */
export class CheckReexecution implements ReplayCompletion<Evaluated> {
  constructor(
    private readonly evaluate: EvaluateReplay,
    private readonly verifications: VerificationRepository,
    private readonly facts: ReplayFacts,
  ) {}

  prepare(replay: Replay, answer: ReplayAnswer): Promise<Evaluated> {
    return this.evaluate.execute(replay, answer);
  }

  async commit(tx: Tx, _replay: Replay, { verification, result }: Evaluated): Promise<void> {
    const now = await this.verifications.find(verification, tx);
    if (now?.state !== 'done' || now.result === undefined || result.outcome === 'infrastructure') {
      return this.facts.reexecuted(tx, verification, 'inconclusive');
    }
    if (now.result.outcome === result.outcome) return this.facts.reexecuted(tx, verification, 'agreed');
    const detail = `served: ${now.result.outcome}; replayed: ${result.outcome}, canonical variance ${result.canonicalVariance}`;
    await this.verifications.fail(tx, verification, { reason: 'VERIFICATION_CONTRADICTED', detail });
    this.facts.reexecuted(tx, verification, 'contradicted');
  }

  async fail(tx: Tx, { tenant, subjectId }: Replay, _failure: Failure): Promise<void> {
    this.facts.reexecuted(tx, { tenant, id: subjectId }, 'inconclusive');
  }
}
