import { DomainError, isDomainError, type Reason } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { IndexArtifact } from './index-artifact.js';
import type { ArtifactRepository, Lifter, PackFileOutcome } from './ports.js';

export interface PublishedPack {
  readonly tenant: string;
  /** Its name. */
  readonly pack: string;
  readonly fileSha256s: readonly string[];
}

/** What the file itself is to blame for: trying again would say the same. */
const OF_THE_FILE: ReadonlySet<Reason> = new Set<Reason>([
  'NATIVE_FAILED',
  'NATIVE_CRASHED',
  'NATIVE_TIMEOUT',
  'NATIVE_OUTPUT_TOO_LARGE',
  'NATIVE_FRAME_BROKEN',
  'ARTIFACT_TOO_LARGE',
  'INDEX_INVALID',
  'INDEX_TOO_LARGE',
  'UNIT_DUPLICATE',
  'LEAF_INVALID',
]);

/** Indexes the programs of a published pack, so that nobody has to wait for it later. Safe to repeat. */
export class IndexPack {
  constructor(
    private readonly blobs: BlobStore,
    private readonly artifacts: ArtifactRepository,
    private readonly lifter: Lifter,
    private readonly index: IndexArtifact,
    private readonly clock: () => Date,
  ) {}

  /** One outcome a file. @throws DomainError for what is not the fault of a file: BLOB_NOT_FOUND, NATIVE_MISSING, DATABASE_UNAVAILABLE … */
  async execute({ tenant, pack, fileSha256s }: PublishedPack, signal: AbortSignal): Promise<PackFileOutcome[]> {
    const outcomes: PackFileOutcome[] = [];
    for (const sha256 of new Set(fileSha256s)) outcomes.push({ sha256, ...(await this.#file(tenant, pack, sha256, signal)) });
    return outcomes;
  }

  async #file(tenant: string, pack: string, sha256: string, signal: AbortSignal): Promise<Omit<PackFileOutcome, 'sha256'>> {
    const blob = await this.blobs.stat(sha256);
    if (!blob) throw new DomainError('BLOB_NOT_FOUND', { sha256, pack });
    const notElf = await this.#whyNoProgram(sha256, signal);
    if (notElf !== undefined) return { outcome: 'skipped', reason: notElf };
    await this.artifacts.add({ tenant, sha256, sizeBytes: blob.sizeBytes, label: pack.slice(0, 256), createTime: this.clock() });
    try {
      await this.index.execute(tenant, sha256, signal);
      return { outcome: 'indexed', reason: '' };
    } catch (error) {
      if (isDomainError(error, 'ARTIFACT_WITHOUT_CODE')) return { outcome: 'skipped', reason: error.reason };
      if (isDomainError(error) && OF_THE_FILE.has(error.reason)) return { outcome: 'refused', reason: error.facts.nativeReason || error.reason };
      throw error;
    }
  }

  /** Packs hold sources and scripts too. */
  async #whyNoProgram(sha256: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      await this.lifter.identify(await this.blobs.localPath(sha256), signal);
      return undefined;
    } catch (error) {
      if (isDomainError(error, 'NATIVE_FAILED')) return error.facts.nativeReason || error.reason;
      if (isDomainError(error) && OF_THE_FILE.has(error.reason)) return error.reason;
      throw error;
    }
  }
}
