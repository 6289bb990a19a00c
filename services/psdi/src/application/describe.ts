import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { DeltaRecord } from '../domain/delta-record.js';
import type { IndexRecord } from '../domain/index-record.js';
import { limits } from '../limits.js';
import type { IndexRepository } from './ports.js';

export interface DescribedIndex {
  readonly record: IndexRecord;
  readonly envelope: Buffer;
}

export interface DescribedDelta {
  readonly record: DeltaRecord;
  readonly proof: Buffer;
  readonly scope: Buffer;
  readonly baseline: DescribedIndex;
  readonly candidate: DescribedIndex;
}

/** Adds the envelopes to what is kept of an index or a delta. */
export class Describe {
  constructor(
    private readonly blobs: BlobStore,
    private readonly indexes: IndexRepository,
  ) {}

  async index(record: IndexRecord): Promise<DescribedIndex> {
    return { record, envelope: await this.#envelope(record.envelopeSha256) };
  }

  async delta(record: DeltaRecord): Promise<DescribedDelta> {
    const [proof, scope, baseline, candidate] = await Promise.all([
      this.#envelope(record.proofSha256),
      this.#envelope(record.scopeSha256),
      this.#indexOf(record, record.baselineSha256),
      this.#indexOf(record, record.candidateSha256),
    ]);
    return { record, proof, scope, baseline, candidate };
  }

  async #indexOf({ tenant, lifterSha256 }: DeltaRecord, artifactSha256: string): Promise<DescribedIndex> {
    const record = await this.indexes.find({ tenant, artifactSha256, lifterSha256 });
    if (!record) throw new DomainError('INTERNAL', { artifactSha256, lifterSha256 });
    return this.index(record);
  }

  #envelope(sha256: string): Promise<Buffer> {
    return this.blobs.bytes(sha256, limits.envelopeBytesMax);
  }
}
