import { randomUUID } from 'node:crypto';
import { OperationState, OutcomeClass, type Verification, type Witness, type WitnessServiceService } from '@stella/contracts/stella/frvf/v1alpha/frvf';
import type { GrpcClient } from '@stella/platform-grpc';
import type { ReplayEvidence, WitnessRef, Witnesses } from '../application/ports.js';
import { limits } from '../limits.js';

const PREFIX = 'incidents/';

export class FrvfWitnesses implements Witnesses {
  constructor(private readonly frvf: GrpcClient<typeof WitnessServiceService>) {}

  async requireIncident(tenant: string, incident: string, signal: AbortSignal): Promise<void> {
    await this.frvf.getIncident({ name: `${PREFIX}${incident}` }, { tenant, signal });
  }

  async list(tenant: string, incident: string | undefined, signal: AbortSignal): Promise<readonly WitnessRef[]> {
    const found: WitnessRef[] = [];
    let pageToken = '';
    do {
      const page = await this.frvf.listWitnesses({ incident: incident === undefined ? '' : `${PREFIX}${incident}`, pageSize: limits.witnessesMax, pageToken }, { tenant, signal });
      const done = page.witnesses.filter(({ state }) => state === OperationState.OPERATION_STATE_DONE);
      found.push(...(await Promise.all(done.map(({ name }) => this.#get(tenant, name, signal)))));
      pageToken = page.nextPageToken;
    } while (pageToken !== '' && found.length < limits.witnessesMax);
    return found;
  }

  async replay(tenant: string, witness: string, artifactSha256: string, replays: number, signal: AbortSignal): Promise<ReplayEvidence> {
    let { verification } = await this.frvf.createVerification({ requestId: randomUUID(), witness, artifactSha256, replays, fresh: false }, { tenant, signal });
    while (verification?.state === OperationState.OPERATION_STATE_RUNNING) {
      ({ verification } = await this.frvf.getVerification({ name: verification.name, waitMs: limits.pollMs }, { tenant, signal, deadlineMs: limits.pollMs + 30_000 }));
    }
    return toEvidence(verification);
  }

  /** Lists carry no envelopes. */
  async #get(tenant: string, name: string, signal: AbortSignal): Promise<WitnessRef> {
    const { witness } = await this.frvf.getWitness({ name, waitMs: 0 }, { tenant, signal });
    return toRef(witness, name);
  }
}

function toRef(witness: Witness | undefined, name: string): WitnessRef {
  return {
    name,
    incident: (witness?.incident ?? '').replace(PREFIX, ''),
    artifactSha256: witness?.artifactSha256 ?? '',
    envelope: witness?.evidence?.envelope ?? new Uint8Array(),
  };
}

const WORDS: Partial<Record<OutcomeClass, string>> = {
  [OutcomeClass.OUTCOME_CLASS_REPRODUCED]: 'reproduced',
  [OutcomeClass.OUTCOME_CLASS_FIXED]: 'fixed',
  [OutcomeClass.OUTCOME_CLASS_NOT_REPRODUCED]: 'not reproduced',
  [OutcomeClass.OUTCOME_CLASS_DIFFERENT_FAILURE]: 'fails otherwise',
  [OutcomeClass.OUTCOME_CLASS_FLAKY]: 'flaky',
  [OutcomeClass.OUTCOME_CLASS_INFRASTRUCTURE]: 'could not be replayed',
};

function toEvidence(verification: Verification | undefined): ReplayEvidence {
  return {
    envelope: verification?.evidence && verification.evidence.envelope.length > 0 ? verification.evidence.envelope : undefined,
    outcome: WORDS[verification?.outcome ?? OutcomeClass.OUTCOME_CLASS_UNSPECIFIED] ?? 'unknown',
    successes: verification?.successes ?? 0,
    replays: verification?.replays ?? 0,
    cached: verification?.cached ?? false,
    problem: verification?.failureReason ?? 'frvf sent no verification',
  };
}
