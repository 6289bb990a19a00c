import { IN_TOTO_PAYLOAD_TYPE, signEnvelope, type Signer } from '@stella/attestation';
import { DomainError } from '@stella/errors';
import type { BlobStore } from '@stella/platform-blobs';
import { type ArtifactPair, countChanges, deltaId, type DeltaRecord } from '../domain/delta-record.js';
import type { IndexRecord } from '../domain/index-record.js';
import { limits } from '../limits.js';
import { answerOnce } from './answer-once.js';
import type { IndexArtifact } from './index-artifact.js';
import type { Comparer, DeltaRepository, PsdiFacts, RequestRepository, Transactions } from './ports.js';
import { SharedFlights } from './shared-flights.js';

export interface CreateDeltaCommand extends ArtifactPair {
  readonly tenant: string;
  readonly requestId: string;
}

export interface CreatedDelta {
  readonly record: DeltaRecord;
  readonly cached: boolean;
}

/** Compares two artifacts, which are indexed first where needed, and signs what came of it. */
export class CreateDelta {
  readonly #flights = new SharedFlights<CreatedDelta>();

  constructor(
    private readonly transactions: Transactions,
    private readonly index: IndexArtifact,
    private readonly comparer: Comparer,
    private readonly deltas: DeltaRepository,
    private readonly requests: RequestRepository,
    private readonly blobs: BlobStore,
    private readonly signer: Signer,
    private readonly facts: PsdiFacts,
    private readonly clock: () => Date,
  ) {}

  /** @throws DomainError REQUEST_ID_REUSED, PROOF_TOO_LARGE, and what `IndexArtifact` throws */
  async execute({ tenant, requestId, baselineSha256, candidateSha256 }: CreateDeltaCommand, signal: AbortSignal): Promise<CreatedDelta> {
    let made: CreatedDelta | undefined;
    const id = await answerOnce(this.requests, { tenant, requestId, content: { createDelta: { baselineSha256, candidateSha256 } } }, async () => {
      made = await this.#delta(tenant, { baselineSha256, candidateSha256 }, signal);
      return made.record.id;
    });
    return made ?? { record: await this.#existing(tenant, id), cached: true };
  }

  async #delta(tenant: string, pair: ArtifactPair, signal: AbortSignal): Promise<CreatedDelta> {
    const [baseline, candidate] = await Promise.all([
      this.index.execute(tenant, pair.baselineSha256, signal),
      this.index.execute(tenant, pair.candidateSha256, signal),
    ]);
    const id = deltaId(pair, baseline.record.predicate.lifter);
    const before = await this.deltas.find(tenant, id);
    this.facts.asked('delta', before !== undefined);
    if (before) return { record: before, cached: true };
    return this.#flights.join(`${tenant} ${id}`, signal, () => this.#create(id, baseline.record, candidate.record));
  }

  async #create(id: string, baseline: IndexRecord, candidate: IndexRecord): Promise<CreatedDelta> {
    const { proof, scope, units } = await this.comparer.compare(baseline, candidate);
    const record: DeltaRecord = {
      tenant: baseline.tenant,
      id,
      baselineSha256: baseline.predicate.artifactSha256,
      candidateSha256: candidate.predicate.artifactSha256,
      lifterSha256: baseline.predicate.lifter.sha256,
      counts: countChanges(units, baseline.summary.unitsByKind),
      proofSha256: await this.#sign(proof),
      scopeSha256: await this.#sign(scope),
      createTime: this.clock(),
    };
    const isNew = await this.transactions.tx(async (tx) => {
      if (!(await this.deltas.add(tx, record, units))) return false;
      await this.facts.deltaIndexed(tx, record);
      return true;
    });
    // Another process was first; its envelopes hold the same statements.
    return isNew ? { record, cached: false } : { record: await this.#existing(record.tenant, id), cached: true };
  }

  async #sign(statement: Uint8Array): Promise<string> {
    const envelope = await signEnvelope(IN_TOTO_PAYLOAD_TYPE, statement, this.signer);
    if (envelope.byteLength > limits.envelopeBytesMax) {
      throw new DomainError('PROOF_TOO_LARGE', { sizeBytes: String(envelope.byteLength), sizeBytesMax: String(limits.envelopeBytesMax) });
    }
    return (await this.blobs.put(envelope)).sha256;
  }

  async #existing(tenant: string, id: string): Promise<DeltaRecord> {
    const record = await this.deltas.find(tenant, id);
    if (!record) throw new DomainError('INTERNAL', { delta: id });
    return record;
  }
}
