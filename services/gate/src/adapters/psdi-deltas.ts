import { randomUUID } from 'node:crypto';
import { DeltaIndexServiceService, UnitChange } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import type { Evidence } from '@stella/contracts/stella/common/v1alpha/common';
import { DomainError } from '@stella/errors';
import type { GrpcClient } from '@stella/platform-grpc';
import type { DeltaEvidence, Deltas } from '../application/ports.js';

const DEADLINE_MS = 10 * 60_000;

export class PsdiDeltas implements Deltas {
  constructor(private readonly psdi: GrpcClient<typeof DeltaIndexServiceService>) {}

  async index(tenant: string, artifactSha256: string, signal: AbortSignal): Promise<{ cached: boolean }> {
    const { index } = await this.psdi.createIndex({ requestId: randomUUID(), artifactSha256 }, { tenant, signal, deadlineMs: DEADLINE_MS });
    return { cached: index?.cached ?? false };
  }

  async compare(tenant: string, baselineSha256: string, candidateSha256: string, signal: AbortSignal): Promise<DeltaEvidence> {
    const { delta } = await this.psdi.createDelta({ requestId: randomUUID(), baselineSha256, candidateSha256 }, { tenant, signal, deadlineMs: DEADLINE_MS });
    const proof = envelopeOf(delta?.proof, 'proof');
    const counts = (delta?.counts ?? []).filter(({ change }) => change !== UnitChange.UNIT_CHANGE_IDENTICAL && change !== UnitChange.UNIT_CHANGE_MOVED);
    const sum = (kind?: string) => counts.filter((one) => kind === undefined || one.kind === kind).reduce((total, { count }) => total + count, 0);
    return {
      envelopes: [envelopeOf(delta?.baselineIndex?.evidence, 'baseline index'), envelopeOf(delta?.candidateIndex?.evidence, 'candidate index'), proof, envelopeOf(delta?.scope, 'scope')],
      proofSha256: delta?.proof?.sha256 ?? '',
      units: sum(),
      functionsChanged: sum('function'),
      cached: delta?.cached ?? false,
    };
  }
}

function envelopeOf(evidence: Evidence | undefined, part: string): Uint8Array {
  if (!evidence || evidence.envelope.length === 0) throw new DomainError('EVALUATION_FAILED', { part, problem: 'psdi sent no evidence' });
  return evidence.envelope;
}
