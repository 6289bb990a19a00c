import { OperationState, OutcomeClass, type Verification, type Witness, type WitnessServiceService } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import { DomainError, isDomainError } from '@stella/errors';
import type { GrpcClient } from '@stella/platform-grpc';
import type { Call, ReplayEvidence, ReplayOrder, WitnessRef, Witnesses } from '../application/ports.js';
import { limits } from '../limits.js';

const PREFIX = 'incidents/';
const PAGE_SIZE = 1_000;
/** Beyond a long poll's own time. */
const SLACK_MS = 30_000;

export class FrvfWitnesses implements Witnesses {
  constructor(private readonly frvf: GrpcClient<typeof WitnessServiceService>) {}

  async requireIncident({ requestId: _, ...settings }: Call, incident: string): Promise<void> {
    await this.frvf.getIncident({ name: `${PREFIX}${incident}` }, settings);
  }

  ofIncident(call: Call, incident: string): Promise<readonly WitnessRef[]> {
    return this.#list(call, `${PREFIX}${incident}`, () => true);
  }

  ofArtifact(call: Call, artifactSha256: string): Promise<readonly WitnessRef[]> {
    return this.#list(call, '', (witness) => witness.artifactSha256 === artifactSha256);
  }

  async get({ requestId: _, ...settings }: Call, name: string): Promise<{ readonly ref: WitnessRef; readonly envelope: Uint8Array } | undefined> {
    try {
      const { witness } = await this.frvf.getWitness({ name, waitMs: 0 }, settings);
      if (!witness?.evidence || witness.evidence.envelope.length === 0) throw new DomainError('REMOTE_FAILED', { service: 'frvf', missing: 'evidence of a witness', witness: name });
      return { ref: toRef(witness), envelope: witness.evidence.envelope };
    } catch (error) {
      if (isDomainError(error, 'WITNESS_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  async replay({ requestId, ...settings }: Call, order: ReplayOrder): Promise<ReplayEvidence> {
    const created = await this.frvf.createVerification({ requestId, ...order }, settings);
    const cached = created.verification?.cached ?? false;
    let { verification } = created;
    while (verification?.state === OperationState.OPERATION_STATE_RUNNING) {
      ({ verification } = await this.frvf.getVerification({ name: verification.name, waitMs: limits.replayPollMs }, { ...settings, deadlineMs: limits.replayPollMs + SLACK_MS }));
    }
    if (!verification) throw new DomainError('REMOTE_FAILED', { service: 'frvf', missing: 'verification' });
    return toEvidence(verification, cached);
  }

  async #list({ requestId: _, ...settings }: Call, incident: string, isWanted: (witness: Witness) => boolean): Promise<readonly WitnessRef[]> {
    const found: WitnessRef[] = [];
    let pageToken = '';
    for (let page = 0; page < limits.witnessPagesMax; page++) {
      const { witnesses, nextPageToken } = await this.frvf.listWitnesses({ incident, pageSize: PAGE_SIZE, pageToken }, settings);
      found.push(...witnesses.filter(isWanted).map(toRef));
      if (nextPageToken === '') return found;
      pageToken = nextPageToken;
    }
    throw new DomainError('EVALUATION_FAILED', { problem: 'more witnesses than can be looked through', pagesMax: String(limits.witnessPagesMax) });
  }
}

function toRef({ name, incident, artifactSha256 }: Witness): WitnessRef {
  return { name, artifactSha256, incident: incident.startsWith(PREFIX) ? incident.slice(PREFIX.length) : incident };
}

const WORDS: Partial<Record<OutcomeClass, string>> = {
  [OutcomeClass.OUTCOME_CLASS_REPRODUCED]: 'reproduced',
  [OutcomeClass.OUTCOME_CLASS_FIXED]: 'fixed',
  [OutcomeClass.OUTCOME_CLASS_NOT_REPRODUCED]: 'not reproduced',
  [OutcomeClass.OUTCOME_CLASS_DIFFERENT_FAILURE]: 'fails otherwise',
  [OutcomeClass.OUTCOME_CLASS_FLAKY]: 'flaky',
  [OutcomeClass.OUTCOME_CLASS_INFRASTRUCTURE]: 'could not be replayed',
};

function toEvidence({ evidence, outcome, successes, replays, failureReason }: Verification, cached: boolean): ReplayEvidence {
  const envelope = evidence && evidence.envelope.length > 0 ? evidence.envelope : undefined;
  return { envelope, outcome: WORDS[outcome] ?? 'unknown', successes, replays, cached, failureReason };
}
