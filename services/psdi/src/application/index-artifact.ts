import { PREDICATE_TYPES, type Signer, signStatement } from '@stella/attestation';
import { type LiftIndexPredicate, liftIndexPredicate } from '@stella/binary-delta';
import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import type { Artifact } from '../domain/artifact.js';
import { unitsByKind } from '../domain/function-identity.js';
import type { IndexRecord } from '../domain/index-record.js';
import { modulePaths, toolchainFacts } from '../domain/toolchain.js';
import { limits } from '../limits.js';
import type { LiftArtifact } from './lift-artifact.js';
import type { Comparer, IndexRepository, IndexStore, Lift, Locks, PsdiFacts } from './ports.js';
import { SharedFlights } from './shared-flights.js';

export interface Indexed {
  readonly record: IndexRecord;
  /** It was there before. */
  readonly cached: boolean;
}

export interface IndexIssuer {
  readonly signer: Signer;
  /** Who lifts, as statements say it. */
  readonly liftedBy: string;
}

/** The index of an artifact by the present lifter: the one that there is, or a new one. One lift of an artifact at a time. */
export class IndexArtifact {
  readonly #flights = new SharedFlights<Indexed>();

  constructor(
    private readonly lift: LiftArtifact,
    private readonly indexes: IndexRepository,
    private readonly store: IndexStore,
    private readonly comparer: Comparer,
    private readonly blobs: BlobStore,
    private readonly locks: Locks,
    private readonly issuer: IndexIssuer,
    private readonly facts: PsdiFacts,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError as `LiftArtifact`; nothing of a lift that fails is kept */
  async execute(tenant: string, sha256: string, signal: AbortSignal): Promise<Indexed> {
    const artifact = await this.lift.liftable(tenant, sha256);
    const before = await this.find(tenant, sha256);
    this.facts.asked('index', before !== undefined);
    if (before) return { record: before, cached: true };
    return this.#flights.join(`${tenant} ${sha256}`, signal, (shared) => this.#create(artifact, shared));
  }

  /** The index by the present lifter, or by an earlier one. */
  find(tenant: string, artifactSha256: string, lifterSha256 = this.lift.lifterSha256): Promise<IndexRecord | undefined> {
    return this.indexes.find({ tenant, artifactSha256, lifterSha256 });
  }

  async #create(artifact: Artifact, signal: AbortSignal): Promise<Indexed> {
    const { tenant, sha256 } = artifact;
    try {
      return await this.lift.execute(artifact, signal, (lift) =>
        this.locks.hold(`index ${tenant} ${sha256}`, signal, async () => {
          const before = await this.find(tenant, sha256);
          if (before) return { record: before, cached: true };
          const startedMs = performance.now();
          const record = await this.#keep(artifact, await lift());
          this.facts.indexed(record, (performance.now() - startedMs) / 1_000);
          return { record, cached: false };
        }),
      );
    } catch (error) {
      this.facts.liftFailed({ tenant, artifactSha256: sha256 }, error);
      throw error;
    }
  }

  async #keep(artifact: Artifact, lift: Lift): Promise<IndexRecord> {
    const { setSha256, sidesSha256 } = await this.store.save(lift.index);
    const predicate = this.#predicate(artifact, lift, sidesSha256);
    const envelope = await signStatement(
      { subjects: [{ name: 'artifact', sha256: artifact.sha256 }], predicateType: PREDICATE_TYPES.liftIndex, predicate },
      this.issuer.signer,
    );
    const record: IndexRecord = {
      tenant: artifact.tenant,
      predicate,
      summary: { unitsByKind: unitsByKind(lift.end.unitsByKind, predicate.sums.units), modulePaths: modulePaths(lift.header, limits.headerTextCharsMax) },
      setSha256,
      envelopeSha256: (await this.blobs.put(envelope)).sha256,
      createTime: this.clock(),
    };
    await this.indexes.add(record, lift.functions);
    this.comparer.keep(record, lift.index);
    return record;
  }

  #predicate({ sha256, sizeBytes }: Artifact, { header, end, ref }: Lift, sidesSha256: string): LiftIndexPredicate {
    if (end.units !== ref.sums.units) throw new DomainError('INDEX_INVALID', { unitsSaid: String(end.units), unitsFound: String(ref.sums.units) });
    return liftIndexPredicate(
      { artifactSha256: sha256, ...ref },
      {
        artifactSizeBytes: sizeBytes,
        totals: { loadedBytes: end.bytesLoaded, coveredBytes: end.bytesCovered, residualBytes: end.bytesResidual },
        sidesSha256,
        toolchain: toolchainFacts(header, limits.headerTextCharsMax),
        liftedBy: this.issuer.liftedBy,
      },
    );
  }
}
