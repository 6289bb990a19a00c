import { DomainError } from '@stella/errors';
import { limits } from '../limits.js';

/** One binary file of one tenant, known by its SHA-256. */
export interface Artifact {
  readonly tenant: string;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** What who brought it calls it; proves nothing. */
  readonly label: string;
  readonly createTime: Date;
}

/** Before its bytes are read: a sparse file of gigabytes costs its sender nothing. @throws DomainError ARTIFACT_TOO_LARGE */
export function requireSize({ sha256, sizeBytes }: Pick<Artifact, 'sha256' | 'sizeBytes'>): void {
  if (sizeBytes <= limits.artifactBytesMax) return;
  throw new DomainError('ARTIFACT_TOO_LARGE', { sha256, sizeBytes: String(sizeBytes), sizeBytesMax: String(limits.artifactBytesMax) });
}
