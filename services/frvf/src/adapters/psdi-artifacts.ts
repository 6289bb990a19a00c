import type { DeltaIndexServiceService } from '@stella/contracts/stella/psdi/v1alpha/psdi';
import type { GrpcClient } from '@stella/platform-grpc';
import type { ArtifactRegistry } from '../application/ports.js';
import { limits } from '../limits.js';

/** Artifacts are registered with psdi; blobs alone do not tell whose they are. */
export class PsdiArtifacts implements ArtifactRegistry {
  constructor(private readonly psdi: Pick<GrpcClient<typeof DeltaIndexServiceService>, 'getArtifact'>) {}

  async require(tenant: string, sha256: string): Promise<void> {
    await this.psdi.getArtifact({ name: `artifacts/${sha256}` }, { tenant, deadlineMs: limits.peerTimeoutMs });
  }
}
