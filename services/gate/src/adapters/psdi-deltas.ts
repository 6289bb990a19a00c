import type { Evidence } from '@stella/contracts/stella/common/v1alpha/common';
import { type DeltaIndexServiceService, UnitChange } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import { DomainError } from '@stella/errors';
import type { GrpcClient } from '@stella/platform-grpc';
import type { Call, DeltaEvidence, Deltas } from '../application/ports.js';
import { limits } from '../limits.js';

const UNCHANGED: ReadonlySet<UnitChange> = new Set([UnitChange.UNIT_CHANGE_IDENTICAL, UnitChange.UNIT_CHANGE_MOVED]);

export class PsdiDeltas implements Deltas {
  constructor(private readonly psdi: GrpcClient<typeof DeltaIndexServiceService>) {}

  async index({ requestId, ...settings }: Call, artifactSha256: string): Promise<{ cached: boolean }> {
    const { index } = await this.psdi.createIndex({ requestId, artifactSha256 }, { ...settings, deadlineMs: limits.callTimeoutMs });
    return { cached: index?.cached ?? false };
  }

  async compare({ requestId, ...settings }: Call, baselineSha256: string, candidateSha256: string): Promise<DeltaEvidence> {
    const { delta } = await this.psdi.createDelta({ requestId, baselineSha256, candidateSha256 }, { ...settings, deadlineMs: limits.callTimeoutMs });
    const changed = (delta?.counts ?? []).filter(({ change }) => !UNCHANGED.has(change));
    const sum = (counts: typeof changed): number => counts.reduce((total, { count }) => total + count, 0);
    return {
      baselineIndex: envelopeOf(delta?.baselineIndex?.evidence, 'baseline index'),
      candidateIndex: envelopeOf(delta?.candidateIndex?.evidence, 'candidate index'),
      proof: envelopeOf(delta?.proof, 'proof'),
      scope: envelopeOf(delta?.scope, 'scope'),
      unitsChanged: sum(changed),
      functionsChanged: sum(changed.filter(({ kind }) => kind === 'function')),
      cached: delta?.cached ?? false,
    };
  }
}

function envelopeOf(evidence: Evidence | undefined, part: string): Uint8Array {
  if (!evidence || evidence.envelope.length === 0) throw new DomainError('REMOTE_FAILED', { service: 'psdi', missing: part });
  return evidence.envelope;
}
