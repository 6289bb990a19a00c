import { DomainError, isDomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { Artifact } from '../domain/artifact.js';
import type { ArtifactRepository, Lift, Lifter } from './ports.js';
import { requireSize } from './require-size.js';
import type { Slots } from './slots.js';

/** Lifts an artifact now, by a process of its own; few at once. */
export class LiftArtifact {
  constructor(
    private readonly artifacts: ArtifactRepository,
    private readonly blobs: BlobStore,
    private readonly lifter: Lifter,
    private readonly slots: Slots,
  ) {}

  get lifterSha256(): string {
    return this.lifter.sha256;
  }

  /** @throws DomainError ARTIFACT_NOT_FOUND, ARTIFACT_TOO_LARGE */
  async liftable(tenant: string, sha256: string): Promise<Artifact> {
    const artifact = await this.artifacts.find(tenant, sha256);
    if (!artifact) throw new DomainError('ARTIFACT_NOT_FOUND', { sha256 });
    requireSize(artifact);
    return artifact;
  }

  /**
   * @param around runs in the slot, around the lift: what must hold while it lasts
   * @throws DomainError LIFT_QUEUE_FULL, ARTIFACT_WITHOUT_CODE, BLOB_…, and what `Lifter.lift` throws
   */
  async execute<T>({ sha256 }: Artifact, signal: AbortSignal, around: (lift: () => Promise<Lift>) => Promise<T>): Promise<T> {
    return this.slots.run(signal, () =>
      around(async () => {
        const lift = await this.lifter.lift(await this.blobs.localPath(sha256), signal).catch((error: unknown) => {
          throw named(error, sha256);
        });
        requireCode(lift, sha256);
        return lift;
      }),
    );
  }
}

/** A comparison lifts two artifacts: which one it was has to be told. */
function named(error: unknown, sha256: string): unknown {
  if (!isDomainError(error)) return error;
  return new DomainError(error.reason, { ...error.facts, sha256 }, { message: error.message, cause: error });
}

/**
 * A file of debug information has the sections of its program and not their bytes, an object file loads nothing. Two of
 * them would always be equal, so that they must not become an index. Libraries of data alone have no code section.
 */
function requireCode({ header, end }: Lift, sha256: string): void {
  const hasCodeSection = header.sections.some((section) => section.executable && section.sizeBytes > 0);
  if (end.bytesLoaded > 0 && (end.functions > 0 || !hasCodeSection)) return;
  throw new DomainError('ARTIFACT_WITHOUT_CODE', { sha256, bytesLoaded: String(end.bytesLoaded), functions: String(end.functions) });
}
