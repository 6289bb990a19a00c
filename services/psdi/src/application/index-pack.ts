import { DomainError, isDomainError, LIFTER_REASONS, type Reason } from '@stella/errors';
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
  ...(Object.keys(LIFTER_REASONS) as (keyof typeof LIFTER_REASONS)[]),
  'NATIVE_CRASHED',
  'NATIVE_TIMEOUT',
  'NATIVE_OUTPUT_TOO_LARGE',
  'NATIVE_FRAME_BROKEN',
  'ARTIFACT_TOO_LARGE',
  'ARTIFACT_WITHOUT_CODE',
  'INDEX_INVALID',
  'INDEX_TOO_LARGE',
  'UNIT_DUPLICATE',
  'LEAF_INVALID',
]);

/** Of these there was nothing to lift in the first place. */
const NO_PROGRAM: ReadonlySet<Reason> = new Set<Reason>(['INPUT_NOT_ELF', 'INPUT_EMPTY', 'ARCH_UNSUPPORTED', 'ARTIFACT_WITHOUT_CODE']);

type FileOutcome = Omit<PackFileOutcome, 'sha256'>;

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

  async #file(tenant: string, pack: string, sha256: string, signal: AbortSignal): Promise<FileOutcome> {
    const blob = await this.blobs.stat(sha256);
    if (!blob) throw new DomainError('BLOB_NOT_FOUND', { sha256, pack });
    const unfit = await this.#whyUnfit(sha256, signal);
    if (unfit) return unfit;
    await this.artifacts.add({ tenant, sha256, sizeBytes: blob.sizeBytes, label: pack.slice(0, 256), createTime: this.clock() });
    try {
      await this.index.execute(tenant, sha256, signal);
      return { outcome: 'indexed', reason: '' };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  /** Packs hold sources and scripts too: what is no program is not lifted, and becomes no artifact. */
  async #whyUnfit(sha256: string, signal: AbortSignal): Promise<FileOutcome | undefined> {
    try {
      await this.lifter.identify(await this.blobs.localPath(sha256), signal);
      return undefined;
    } catch (error) {
      return outcomeOf(error);
    }
  }
}

/** @throws the error itself when the file is not to blame */
function outcomeOf(error: unknown): FileOutcome {
  if (!isDomainError(error) || !OF_THE_FILE.has(error.reason)) throw error;
  const { reason } = error;
  return { outcome: NO_PROGRAM.has(reason) ? 'skipped' : 'refused', reason };
}
