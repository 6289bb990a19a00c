import type { Stats } from 'node:fs';
import { DomainError } from '@stella/errors';
import { limits } from '../limits.js';

/** Before it is read: a sparse file is as long as it says. @throws DomainError ARTIFACT_TOO_LARGE */
export function requireArtifactSize(release: string, { size }: Pick<Stats, 'size'>): void {
  if (size <= limits.artifactBytesMax) return;
  throw new DomainError('ARTIFACT_TOO_LARGE', { release: release.slice(0, 200), sizeBytes: String(size), sizeBytesMax: String(limits.artifactBytesMax) });
}
