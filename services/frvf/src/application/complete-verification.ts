import { PREDICATE_TYPES } from '@stella/attestation';
import type { Tx } from '@stella/platform-database';
import type { Failure } from '../domain/failure.js';
import type { Replay, ReplayAnswer } from '../domain/replay.js';
import { figuresOf, type ResultFigures, type Verification, verificationName } from '../domain/verification.js';
import { limits } from '../limits.js';
import type { ReplayCompletion } from './answer-replay.js';
import type { EvaluateReplay } from './evaluate-replay.js';
import type { Changes, EvidenceStore, IncidentRepository, ReplayFacts, VerificationRepository } from './ports.js';

export interface CompletedVerification {
  readonly verification: Verification;
  readonly result: ResultFigures;
  readonly failure: Failure | undefined;
}

/** Signs what the replays of a verification say, and makes it known. */
export class CompleteVerification implements ReplayCompletion<CompletedVerification> {
  constructor(
    private readonly evaluate: EvaluateReplay,
    private readonly verifications: VerificationRepository,
    private readonly incidents: IncidentRepository,
    private readonly evidence: EvidenceStore,
    private readonly facts: ReplayFacts,
    private readonly changes: Changes,
    private readonly clock: () => Date,
  ) {}

  async prepare(replay: Replay, answer: ReplayAnswer): Promise<CompletedVerification> {
    const { verification, result, failure } = await this.evaluate.execute(replay, answer);
    const evidenceSha256 = await this.evidence.sign(PREDICATE_TYPES.verifyResult, result.artifactSha256, result);
    return { verification, result: figuresOf(result, evidenceSha256), failure };
  }

  async commit(tx: Tx, replay: Replay, { verification, result, failure }: CompletedVerification): Promise<void> {
    const now = this.clock();
    await this.verifications.finish(tx, verification, { result, failure, expireTime: new Date(now.getTime() + limits.resultTtlMs) });
    await this.facts.verificationCompleted(tx, verification, result, now.getTime() - replay.createTime.getTime());
    if (result.outcome === 'fixed') await this.#incidentFixed(tx, verification, now);
    await this.#announce(tx, replay);
  }

  async fail(tx: Tx, replay: Replay, failure: Failure): Promise<void> {
    const key = { tenant: replay.tenant, id: replay.subjectId };
    await this.verifications.fail(tx, key, failure);
    this.facts.verificationFailed(tx, key, failure);
    await this.#announce(tx, replay);
  }

  async #incidentFixed(tx: Tx, { tenant, witnessId }: Verification, now: Date): Promise<void> {
    const waitedMs = await this.incidents.reached(tx, { tenant, id: witnessId }, 'fix', now);
    if (waitedMs !== undefined) this.facts.incidentReached(tx, 'fix', waitedMs);
  }

  #announce(tx: Tx, { tenant, subjectId }: Replay): Promise<void> {
    return this.changes.announce(tx, `${tenant} ${verificationName(subjectId)}`);
  }
}
