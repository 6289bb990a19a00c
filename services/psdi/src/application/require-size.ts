import { DomainError } from '@stella/errors';
import type { Artifact } from '../domain/artifact.js';
import { limits } from '../limits.js';

/** Before its bytes are read: a sparse file of gigabytes costs its sender nothing. @throws DomainError ARTIFACT_TOO_LARGE */
export function requireSize({ sha256, sizeBytes }: Pick<Artifact, 'sha256' | 'sizeBytes'>): void {
  if (sizeBytes <= limits.artifactBytesMax) return;
  throw new DomainError('ARTIFACT_TOO_LARGE', { sha256, sizeBytes: String(sizeBytes), sizeBytesMax: String(limits.artifactBytesMax) });
}
