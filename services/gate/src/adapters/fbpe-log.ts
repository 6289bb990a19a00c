import { randomUUID } from 'node:crypto';
import type { CrossVerification, FederationServiceService } from '@stella/contracts/stella/fbpe/v1alpha/fbpe';
import { DomainError } from '@stella/errors';
import type { GrpcClient } from '@stella/platform-grpc';
import type { EvidenceItem } from '@stella/verdict';
import type { EvidenceLog } from '../application/ports.js';

const PAGE = 100;

export class FbpeLog implements EvidenceLog {
  constructor(private readonly fbpe: GrpcClient<typeof FederationServiceService>) {}

  async append(tenant: string, envelope: Uint8Array, signal: AbortSignal): Promise<EvidenceItem> {
    const { entry } = await this.fbpe.appendEntry({ requestId: randomUUID(), envelope: Buffer.from(envelope) }, { tenant, signal });
    if (!entry) throw new DomainError('EVALUATION_FAILED', { part: 'log', problem: 'fbpe sent no entry' });
    return { envelope, log: { record: entry.record, proof: entry.proof } };
  }

  async state(signal: AbortSignal): Promise<{ origin: string; size: number }> {
    const { node } = await this.fbpe.getNode({}, { signal });
    if (!node) throw new DomainError('EVALUATION_FAILED', { part: 'log', problem: 'fbpe sent no node' });
    return { origin: node.origin, size: Number(node.size) };
  }

  async crossVerifications(tenant: string, candidateSha256: string, signal: AbortSignal): Promise<{ envelopes: readonly Uint8Array[]; sameOperator: number }> {
    const found: CrossVerification[] = [];
    let pageToken = '';
    do {
      const page = await this.fbpe.queryProvenance({ subjectSha256: candidateSha256, pageSize: PAGE, pageToken }, { tenant, signal });
      found.push(...page.entries.flatMap(({ crossVerifications }) => crossVerifications));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return {
      envelopes: found.filter(({ sameOperator }) => !sameOperator).flatMap(({ evidence }) => (evidence ? [evidence.envelope] : [])),
      sameOperator: found.filter(({ sameOperator }) => sameOperator).length,
    };
  }
}
