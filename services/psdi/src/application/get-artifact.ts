import { DomainError } from '@stella/errors';
import type { Artifact } from '../domain/artifact.js';
import type { ArtifactRepository } from './ports.js';

export class GetArtifact {
  constructor(private readonly artifacts: ArtifactRepository) {}

  /** @throws DomainError ARTIFACT_NOT_FOUND */
  async execute(tenant: string, sha256: string): Promise<Artifact> {
    const artifact = await this.artifacts.find(tenant, sha256);
    if (!artifact) throw new DomainError('ARTIFACT_NOT_FOUND', { sha256 });
    return artifact;
  }
}
