import { DomainError } from '@stella/errors';
import type { VerifyResult } from '@stella/witness';
import { evaluateVerification } from '../domain/evaluate-verification.js';
import type { Failure } from '../domain/failure.js';
import type { Replay, ReplayAnswer } from '../domain/replay.js';
import { lastFailure } from '../domain/replayed-run.js';
import { type Verification, verificationKey } from '../domain/verification.js';
import type { EvidenceStore, ReplayRecords, VerificationRepository, WitnessRepository, WorkerHost } from './ports.js';

export interface Evaluated {
  readonly verification: Verification;
  readonly result: VerifyResult;
  /** Why runs could not be made, where that left no verdict. */
  readonly failure: Failure | undefined;
}

/** From a worker's answer to what its runs say about the artifact. */
export class EvaluateReplay {
  constructor(
    private readonly verifications: VerificationRepository,
    private readonly witnesses: WitnessRepository,
    private readonly records: ReplayRecords,
    private readonly evidence: EvidenceStore,
    private readonly host: WorkerHost,
  ) {}

  /** @throws DomainError REPLAY_HOST_CHANGED, and what reading the runs and the witness throws */
  async execute({ tenant, subjectId }: Replay, { outcomesSha256, host }: ReplayAnswer): Promise<Evaluated> {
    const verification = await this.verifications.find({ tenant, id: subjectId });
    const witness = verification && (await this.witnesses.find({ tenant, id: verification.witnessId }));
    if (!verification || !witness || !host) throw new DomainError('INTERNAL', { verification: subjectId });
    const { artifactSha256, replaysRequested } = verification;
    if (verificationKey(witness, artifactSha256, replaysRequested, host) !== verification.id) {
      this.host.forget();
      throw new DomainError('REPLAY_HOST_CHANGED', { kernel: host.kernel, runnerSha256: host.runnerSha256 });
    }
    const runs = await this.records.runs(outcomesSha256, witness.canonicaliser);
    const result = evaluateVerification({
      tenant,
      witness: await this.evidence.witness(witness.evidenceSha256),
      stack: witness.stack,
      artifactSha256,
      cacheKey: verification.id,
      replaysRequested,
      isolation: 'I1',
      host,
      runs,
    });
    const last = result.outcome === 'infrastructure' ? lastFailure(runs) : undefined;
    return { verification, result, failure: last && { reason: 'REPLAY_FAILED', detail: `${last.reason}: ${last.detail}` } };
  }
}
