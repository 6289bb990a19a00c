import type { FederationServiceService } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { DomainError, isDomainError } from '@stella/errors';
import type { GrpcClient } from '@stella/platform-grpc';
import type { LogProof } from '@stella/verdict';
import type { Call, EvidenceLog, FoundCheck } from '../application/ports.js';
import { limits } from '../limits.js';

export class FbpeLog implements EvidenceLog {
  constructor(private readonly fbpe: GrpcClient<typeof FederationServiceService>) {}

  async append({ requestId, ...settings }: Call, envelope: Uint8Array): Promise<LogProof> {
    const { entry } = await this.fbpe.appendEntry({ requestId, envelope: Buffer.from(envelope) }, { ...settings, deadlineMs: limits.callTimeoutMs });
    if (!entry || entry.proof.length === 0) throw new DomainError('REMOTE_FAILED', { service: 'fbpe', missing: 'proof of an entry' });
    return { record: entry.record, proof: entry.proof };
  }

  /** What is in no log has been checked by nobody. */
  async checksOf({ requestId: _, ...settings }: Call, payloadSha256: string): Promise<readonly FoundCheck[]> {
    try {
      const { entry } = await this.fbpe.getEntry({ key: { $case: 'payloadSha256', value: payloadSha256 } }, settings);
      return (entry?.crossVerifications ?? []).flatMap(({ evidence, sameOperator }) => (evidence && evidence.envelope.length > 0 ? [{ envelope: evidence.envelope, sameOperator }] : []));
    } catch (error) {
      if (isDomainError(error, 'ENTRY_NOT_FOUND')) return [];
      throw error;
    }
  }
}
