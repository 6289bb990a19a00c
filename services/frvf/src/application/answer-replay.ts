import { isDomainError } from '@stella/errors';
import type { Tx } from '@stella/platform-database';
import { type Failure, failureOf } from '../domain/failure.js';
import type { Replay, ReplayAnswer, ReplayPurpose } from '../domain/replay.js';
import type { ReplayFacts, ReplayRepository } from './ports.js';

/** What becomes of a replay's runs, by what they were asked for. */
export interface ReplayCompletion<P> {
  /** Outside of any transaction; safe to repeat. A DomainError is the outcome, unless trying again may help. */
  prepare(replay: Replay, answer: ReplayAnswer): Promise<P>;
  commit(tx: Tx, replay: Replay, prepared: P): Promise<void>;
  fail(tx: Tx, replay: Replay, failure: Failure): Promise<void>;
}

/** What is to be done in the transaction; absent: the answer came late, or to nobody. */
export type Settlement = ((tx: Tx) => Promise<void>) | undefined;

/** Takes a worker's answer to the one who asked; only the first answer within the deadline counts. */
export class AnswerReplay {
  constructor(
    private readonly replays: ReplayRepository,
    private readonly completions: Readonly<Record<ReplayPurpose, ReplayCompletion<unknown>>>,
    private readonly facts: ReplayFacts,
  ) {}

  async prepare(tenant: string, replayId: string, answer: ReplayAnswer): Promise<Settlement> {
    const replay = await this.replays.find({ tenant, id: replayId });
    if (!replay) return undefined;
    const completion = this.completions[replay.purpose];
    const settle = await this.#settle(completion, replay, answer);
    return async (tx) => {
      if (await this.replays.end(tx, replay, 'answered')) await settle(tx);
      else tx.afterCommit(() => this.facts.answeredLate(replay.id));
    };
  }

  async #settle(completion: ReplayCompletion<unknown>, replay: Replay, answer: ReplayAnswer): Promise<(tx: Tx) => Promise<void>> {
    if (answer.failure) {
      const { reason, detail } = answer.failure;
      return (tx) => completion.fail(tx, replay, { reason: 'REPLAY_FAILED', detail: `${reason}: ${detail}` });
    }
    try {
      const prepared = await completion.prepare(replay, answer);
      return (tx) => completion.commit(tx, replay, prepared);
    } catch (error) {
      if (!isDomainError(error) || isPassing(error.reason)) throw error;
      const failure = failureOf(error);
      return (tx) => completion.fail(tx, replay, failure);
    }
  }
}

/** The store or the database is away: the event is tried again. Ours of kind `unavailable` are about the replay itself. */
function isPassing(reason: string): boolean {
  return reason === 'UNAVAILABLE' || reason === 'DATABASE_UNAVAILABLE' || reason === 'DATABASE_CONTENDED' || reason === 'BLOB_STORE_FULL' || reason === 'STATEMENT_TIMEOUT';
}
